using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Patchbay.Server.Http;

namespace Patchbay.Server.Tests.Http;

public sealed class RequestBodyTests
{
    private static ApiError? ErrorOf(ReadOnlySpan<byte> bytes)
    {
        var (body, error) = RequestBody.Parse(bytes.ToArray());
        body?.Dispose();
        Assert.True(body is null != error is null);
        return error;
    }

    [Theory]
    [InlineData("{\"a\":1,}", "line 1, byte 8")]
    [InlineData("{\n \"a\": tru\n}", "line 2")]
    [InlineData("{\"a\":", "not valid JSON")]
    [InlineData("{\"a\":1} x", "byte 9")]
    [InlineData("{\"a\":1,\"a\":2}", "a")]
    [InlineData("[1]", "an array")]
    [InlineData("\"text\"", "a string")]
    [InlineData("", "no body")]
    [InlineData("{'a':1}", "not valid JSON")]
    [InlineData("{\"a\":NaN}", "not valid JSON")]
    public void BrokenJson_Parse_SaysWhereAndWhy(string text, string expected)
    {
        var error = ErrorOf(Encoding.UTF8.GetBytes(text));
        Assert.NotNull(error);
        Assert.Equal((400, "invalid_request_error", "invalid_json"), (error.Status, error.Type, error.Code));
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void InvalidUtf8_Parse_NamesTheByte()
    {
        var error = ErrorOf([.. "{\"a\":\"ok "u8, 0xC3, 0x28, .. "\"}"u8]);
        Assert.Equal("The body is not valid UTF-8 at byte 10.", error!.Message);
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    [InlineData(100_000, false)]
    public void DeepJson_Parse_IsRefusedBeyondSixtyFour(int depth, bool isAccepted)
    {
        var text = "{\"a\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";
        var error = ErrorOf(Encoding.UTF8.GetBytes(text));
        Assert.Equal(isAccepted, error is null);
        if (error is not null)
        {
            Assert.Contains("depth of 64", error.Message);
        }
    }

    [Theory]
    [InlineData("{\"a\":\"\\ud83d\\ude00\"}", null)]
    [InlineData("{\"a\":\"\\\\ud800\"}", null)]
    [InlineData("{\"a\":\"\\ud83d\"}", "a")]
    [InlineData("{\"a\":\"\\ude00\"}", "a")]
    [InlineData("{\"a\":\"\\uD83Dx\\uDE00\"}", "a")]
    [InlineData("{\"a\":\"\\ud83d\\ud83d\\ude00\"}", "a")]
    [InlineData("{\"m\":[{\"c\":\"x\"},{\"c\":\"\\ud800\\n\"}]}", "m[1].c")]
    public void HalfSurrogates_Parse_AreFoundWithTheirPlace(string text, string? place)
    {
        var error = ErrorOf(Encoding.UTF8.GetBytes(text));
        Assert.Equal(place, error?.Param);
    }

    [Fact]
    public void HalfSurrogateInFieldName_Parse_IsRefused() => Assert.NotNull(ErrorOf("{\"a\":{\"\\ud800\":1}}"u8));

    [Fact]
    public void AnyBytes_Parse_NeverThrows()
    {
        var seeds = new[] { "{\"messages\":[{\"role\":\"user\",\"content\":\"h\\ud83d\\ude00i\"}],\"n\":1e5}", "{\"a\":[[{}]]}" };
        Gen.Select(Gen.Int[0, 1], Gen.Int[0, 60], Gen.Byte).Sample((which, at, value) =>
        {
            var bytes = Encoding.UTF8.GetBytes(seeds[which]);
            bytes[at % bytes.Length] = value;
            ErrorOf(bytes);
        }, iter: 20_000);
    }

    [Fact]
    public async Task BodyBeyondTheLimit_ReadAsync_Is413WithAndWithoutContentLength()
    {
        foreach (var announced in new long?[] { 2000, null })
        {
            var context = Context(new byte[2000], "application/json");
            context.Request.ContentLength = announced;
            var (body, error) = await RequestBody.ReadAsync(context, maxBytes: 1000);
            Assert.Null(body);
            Assert.Equal((413, "request_too_large"), (error!.Status, error.Code));
            Assert.Contains("1000", error.Message);
        }
    }

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("application/vnd.api+json", true)]
    [InlineData("text/plain", false)]
    [InlineData("application/x-www-form-urlencoded", false)]
    [InlineData(null, false)]
    public async Task ContentType_ReadAsync_MustBeJson(string? type, bool isAccepted)
    {
        var (body, error) = await RequestBody.ReadAsync(Context("{}"u8.ToArray(), type), maxBytes: 1000);
        Assert.Equal(isAccepted, body is not null);
        Assert.Equal(isAccepted ? null : 415, error?.Status);
        body?.Dispose();
    }

    private static DefaultHttpContext Context(byte[] bytes, string? type)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(bytes);
        context.Request.ContentType = type;
        return context;
    }
}
