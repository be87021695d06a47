using Patchbay.Server.Endpoints;

namespace Patchbay.Server.Tests.Endpoints;

public sealed class SwitchLoraContractTests
{
    [Theory]
    [InlineData("{\"adapter_name\":\"medical\"}", "medical", null)]
    [InlineData("{\"adapter_name\":null}", null, null)]
    [InlineData("{\"adapter_name\":\"base\"}", null, null)]
    [InlineData("{\"adapter_name\":\"smol\"}", null, null)]
    [InlineData("{\"adapter_name\":\"medical\",\"expected_generation\":3}", "medical", 3L)]
    public void GoodBody_TryRead_IsUnderstood(string body, string? name, long? generation)
    {
        Assert.True(SwitchLoraRequest.TryRead(Json.Parse(body), "smol", out var request, out _));
        Assert.Equal(new SwitchLoraRequest(name, generation), request);
    }

    [Theory]
    [InlineData("{}", "adapter_name", "missing")]
    [InlineData("{\"adapter_name\":5}", "adapter_name", "a string")]
    [InlineData("{\"adapter_name\":\"\"}", "adapter_name", "empty")]
    [InlineData("{\"adapter_name\":\"../../etc\"}", "adapter_name", "dot")]
    [InlineData("{\"adapter_name\":\"a/b\"}", "adapter_name", "U+002F")]
    [InlineData("{\"adapter_name\":\"a\",\"expected_generation\":\"x\"}", "expected_generation", "whole number")]
    public void WrongBody_TryRead_NamesTheField(string body, string param, string part)
    {
        Assert.False(SwitchLoraRequest.TryRead(Json.Parse(body), "smol", out _, out var error));
        Assert.Equal(param, error.Param);
        Assert.Contains(part, error.Message);
    }
}
