using Patchbay.Server.Endpoints;

namespace Patchbay.Server.Tests.Endpoints;

public sealed class CompletionsContractTests
{
    private static CompletionsRequest Read(string body)
    {
        Assert.True(CompletionsRequest.TryRead(Json.Parse(body), "smol", 100, 128, out var request, out var error), error?.Message);
        return request;
    }

    [Fact]
    public void EveryFormOfPrompt_TryRead_IsUnderstood()
    {
        Assert.Equal("a", Assert.Single(Read("{\"prompt\":\"a\"}").Prompts).Text);
        Assert.Equal(["a", "b"], Read("{\"prompt\":[\"a\",\"b\"]}").Prompts.Select(prompt => prompt.Text));
        Assert.Equal([1, 99], Assert.Single(Read("{\"prompt\":[1,99]}").Prompts).Tokens!);
        Assert.Equal(2, Read("{\"prompt\":[[1],[2,3]]}").Prompts.Count);
        Assert.Equal(16, Read("{\"prompt\":\"a\"}").Options.MaxTokens);
    }

    [Theory]
    [InlineData("{}", "prompt", "missing")]
    [InlineData("{\"prompt\":[]}", "prompt", "an array")]
    [InlineData("{\"prompt\":7}", "prompt", "found 7")]
    [InlineData("{\"prompt\":[1,100]}", "prompt[1]", "0 to 99")]
    [InlineData("{\"prompt\":[1,\"a\"]}", "prompt[1]", "token id")]
    [InlineData("{\"prompt\":[[1],[-1]]}", "prompt[1][0]", "found -1")]
    [InlineData("{\"prompt\":[\"a\",null]}", "prompt[1]", "null")]
    [InlineData("{\"prompt\":\"a\",\"max_tokens\":0}", "max_tokens", "echo")]
    [InlineData("{\"prompt\":\"a\",\"suffix\":\"b\"}", "suffix", "end")]
    [InlineData("{\"prompt\":\"a\",\"logprobs\":6}", "logprobs", "from 0 to 5")]
    [InlineData("{\"prompt\":\"a\",\"logprobs\":1,\"echo\":true}", "logprobs", "echo")]
    [InlineData("{\"prompt\":\"a\",\"best_of\":3}", "best_of", "'n'")]
    [InlineData("{\"prompt\":[\"a\",\"b\",\"c\"],\"n\":64}", "prompt", "at most 2")]
    public void WrongField_TryRead_NamesIt(string body, string param, string part)
    {
        Assert.False(CompletionsRequest.TryRead(Json.Parse(body), "smol", 100, 128, out _, out var error));
        Assert.Equal((400, param), (error.Status, error.Param));
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void EchoWithoutTokens_TryRead_IsAccepted()
    {
        var request = Read("{\"prompt\":\"a\",\"max_tokens\":0,\"echo\":true}");
        Assert.True(request.Echo);
        Assert.Equal(0, request.Options.MaxTokens);
    }

    [Fact]
    public void LogprobsAsFlag_TryRead_IsUnderstood()
    {
        Assert.Equal(0, Read("{\"prompt\":\"a\",\"logprobs\":true}").LogProbabilities);
        Assert.Null(Read("{\"prompt\":\"a\",\"logprobs\":false}").LogProbabilities);
        Assert.Equal(5, Read("{\"prompt\":\"a\",\"logprobs\":5}").LogProbabilities);
    }
}
