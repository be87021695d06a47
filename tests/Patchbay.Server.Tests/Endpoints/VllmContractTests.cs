using System.Text.Json;
using Patchbay.Server.Endpoints;
using Patchbay.Server.Http;

namespace Patchbay.Server.Tests.Endpoints;

/// <summary>Messages recorded from vLLM 0.32.0.</summary>
public sealed class VllmContractTests
{
    [Theory]
    [InlineData(
        "{\"lora_path\":\"/adapters/medical-v1\"}", true, "body.lora_name",
        "1 validation error:\n  {'type': 'missing', 'loc': 'body.lora_name', 'msg': 'Field required', 'input': '<dict of 1 items>'}")]
    [InlineData(
        "{\"lora_name\":5,\"lora_path\":\"/adapters/medical-v1\"}", true, "body.lora_name",
        "1 validation error:\n  {'type': 'string_type', 'loc': 'body.lora_name', 'msg': 'Input should be a valid string', 'input': '5'}")]
    [InlineData(
        "{}", false, "body.lora_name",
        "1 validation error:\n  {'type': 'missing', 'loc': 'body.lora_name', 'msg': 'Field required', 'input': '<dict of 0 items>'}")]
    public void WrongBody_TryRead_SaysWhatVllmSays(string body, bool withPath, string param, string message)
    {
        Assert.False(VllmLoraRequest.TryRead(Json.Parse(body), withPath, out _, out var error));
        Assert.Equal(new VllmError(message, "Bad Request", param, 400), error);
    }

    [Fact]
    public void UnknownFields_TryRead_AreIgnored()
    {
        Assert.True(VllmLoraRequest.TryRead(
            Json.Parse("{\"lora_name\":\"a\",\"lora_path\":\"b\",\"load_inplace\":true,\"digest\":\"x\",\"lora_int_id\":77}"), true, out var request, out _));
        Assert.Equal(new VllmLoraRequest("a", "b", true), request);
    }

    [Fact]
    public void Error_Serialize_HasVllmsBytes() => Assert.Equal(
        "{\"error\":{\"message\":\"The lora adapter 'never' cannot be found.\",\"type\":\"NotFoundError\",\"param\":null,\"code\":404}}",
        JsonSerializer.Serialize(new VllmErrorResponse(VllmError.NotFound("The lora adapter 'never' cannot be found.")), PatchbayJson.Wire.VllmErrorResponse));

    [Fact]
    public void WrongMediaType_Convert_SaysWhatVllmSays() => Assert.Equal(
        new VllmError("1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed", "Bad Request", null, 400),
        VllmAnswers.Convert(ApiError.WrongStatus(415, "…")));
}
