using Patchbay.Server.Adapters;

namespace Patchbay.Server.Tests.Adapters;

public sealed class BaseBindingTests
{
    [Theory]
    [InlineData("meta-llama/Llama-3.2-1B", "Llama-3.2-1B", BaseMatch.Accepted)]
    [InlineData("/srv/models/llama-3.2-1b/", "Llama-3.2-1B", BaseMatch.Accepted)]
    [InlineData("Qwen/Qwen3-0.6B", "Qwen3-0.6B.gguf", BaseMatch.Accepted)]
    [InlineData("Qwen/Qwen3-0.6B", "models--Qwen--Qwen3-0.6B", BaseMatch.Accepted)]
    [InlineData("unsloth/Llama-3.2-1B-Instruct-bnb-4bit", "Llama-3.2-1B-Instruct", BaseMatch.Similar)]
    [InlineData("Qwen/Qwen3-0.6B", "Qwen3-0.6B-Q8_0.gguf", BaseMatch.Similar)]
    [InlineData("Qwen/Qwen3-4B", "Qwen3-0.6B", BaseMatch.Different)]
    [InlineData("mistralai/Mistral-7B-v0.3", "Llama-3.2-1B", BaseMatch.Different)]
    [InlineData("patchbay-demo", "base", BaseMatch.Accepted)]
    [InlineData("Qwen/Qwen3-4B", "base", BaseMatch.Accepted)]
    [InlineData("patchbay-demo", "Qwen3-4B", BaseMatch.Accepted)]
    [InlineData(null, "Qwen3-4B", BaseMatch.Accepted)]
    [InlineData("", "Qwen3-4B", BaseMatch.Accepted)]
    public void NamedBase_Compare_DiffersOnlyWhereBothSayWhichModel(string? named, string served, object expected) =>
        Assert.Equal(expected, BaseBinding.Compare(named, served));

    [Fact]
    public void OneOfTwoServedNames_Compare_IsEnough() =>
        Assert.Equal(BaseMatch.Accepted, BaseBinding.Compare("Qwen/Qwen3-4B", "gpt-4o", "Qwen3-4B"));
}
