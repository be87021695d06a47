using Patchbay.Server.Endpoints;
using Patchbay.Server.Http;

namespace Patchbay.Server.Tests.Endpoints;

public sealed class ChatCompletionsContractTests
{
    private const string Hello = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]";

    private static ChatCompletionsRequest Read(string fields)
    {
        Assert.True(ChatCompletionsRequest.TryRead(Json.Parse($"{{{Hello},{fields}}}"), "smol", 5120, 128, out var request, out var error), error?.Message);
        return request;
    }

    private static ApiError Refused(string body)
    {
        Assert.False(ChatCompletionsRequest.TryRead(Json.Parse(body), "smol", 5120, 128, out _, out var error));
        Assert.Equal((400, "invalid_request_error"), (error.Status, error.Type));
        return error;
    }

    [Fact]
    public void AllFields_TryRead_ReachTheOptions()
    {
        var request = Read("""
            "model":"medical","max_completion_tokens":7,"n":3,"temperature":0.5,"top_p":0.25,"top_k":40,"min_p":0.125,
            "presence_penalty":-2,"frequency_penalty":2,"repetition_penalty":1.5,"logit_bias":{"17":-100,"5119":100},"seed":-1,
            "stop":["a","b"],"stop_token_ids":[3,4],"ignore_eos":true,"stream":true,"stream_options":{"include_usage":true},
            "logprobs":true,"top_logprobs":20,"cache_salt":"s","user":"u","unknown_field":{"x":1},"store":true
            """);
        var options = request.Options;
        Assert.Equal(("medical", 7, 3), (options.Model, options.MaxTokens!.Value, options.Choices));
        Assert.Equal((0.5f, 0.25f, 40, 0.125f), (options.Sampling.Temperature, options.Sampling.TopP, options.Sampling.TopK, options.Sampling.MinP));
        Assert.Equal((-2f, 2f, 1.5f), (options.Sampling.PresencePenalty, options.Sampling.FrequencyPenalty, options.Sampling.RepetitionPenalty));
        Assert.Equal(ulong.MaxValue, options.Sampling.Seed);
        Assert.Equal(100f, options.Sampling.LogitBias[5119]);
        Assert.Equal(["a", "b"], options.StopStrings);
        Assert.Equal([3, 4], options.StopTokens);
        Assert.True(options.IgnoreEndOfSequence && options.Stream && options.IncludeUsage);
        Assert.Equal((20, "s"), (request.TopLogProbabilities!.Value, options.CacheSalt));
    }

    [Fact]
    public void NothingButMessages_TryRead_TakesTheDefaults()
    {
        var request = Read("\"model\":null,\"temperature\":null,\"stop\":null,\"tools\":null");
        Assert.Null(request.Options.Model);
        Assert.Null(request.Options.MaxTokens);
        Assert.Equal((1, 1f, false), (request.Options.Choices, request.Options.Sampling.Temperature, request.Options.Stream));
        Assert.Null(request.TopLogProbabilities);
        Assert.True(request.AddGenerationPrompt);
    }

    [Theory]
    [InlineData("\"temperature\":2.5", "temperature", "from 0 to 2")]
    [InlineData("\"temperature\":\"hot\"", "temperature", "\"hot\"")]
    [InlineData("\"temperature\":1e999", "temperature", "1e999")]
    [InlineData("\"top_p\":-0.1", "top_p", "from 0 to 1")]
    [InlineData("\"top_k\":-2", "top_k", "-2")]
    [InlineData("\"top_k\":1.5", "top_k", "1.5")]
    [InlineData("\"presence_penalty\":3", "presence_penalty", "from -2 to 2")]
    [InlineData("\"max_tokens\":0", "max_tokens", "1 or more")]
    [InlineData("\"max_completion_tokens\":-5", "max_completion_tokens", "-5")]
    [InlineData("\"max_tokens\":\"many\"", "max_tokens", "many")]
    [InlineData("\"n\":0", "n", "from 1 to 128")]
    [InlineData("\"n\":129", "n", "129")]
    [InlineData("\"n\":2147483648", "n", "2147483648")]
    [InlineData("\"n\":1e300", "n", "1e300")]
    [InlineData("\"seed\":1180591620717411303424", "seed", "64 bits")]
    [InlineData("\"seed\":1.5", "seed", "1.5")]
    [InlineData("\"stop\":[1]", "stop", "1")]
    [InlineData("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "stop", "at most 4")]
    [InlineData("\"stop\":\"\"", "stop", "1 to")]
    [InlineData("\"stop_token_ids\":[5120]", "stop_token_ids", "5119")]
    [InlineData("\"logit_bias\":{\"x\":1}", "logit_bias", "'x'")]
    [InlineData("\"logit_bias\":{\"1\":101}", "logit_bias", "101")]
    [InlineData("\"logit_bias\":[1]", "logit_bias", "an array")]
    [InlineData("\"top_logprobs\":21,\"logprobs\":true", "top_logprobs", "from 0 to 20")]
    [InlineData("\"top_logprobs\":2", "top_logprobs", "needs 'logprobs'")]
    [InlineData("\"stream\":\"yes\"", "stream", "true or false")]
    [InlineData("\"stream_options\":{\"include_usage\":true}", "stream_options", "needs 'stream'")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"}", "response_format", "not supported")]
    [InlineData("\"functions\":[{}]", "functions", "use 'tools'")]
    [InlineData("\"modalities\":[\"text\",\"audio\"]", "modalities", "text")]
    [InlineData("\"prediction\":{\"type\":\"content\"}", "prediction", "not supported")]
    [InlineData("\"best_of\":2", "best_of", "'n'")]
    [InlineData("\"echo\":true", "echo", "/v1/completions")]
    [InlineData("\"suffix\":\"x\"", "suffix", "not supported")]
    [InlineData("\"guided_json\":{}", "guided_json", "not supported")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice", "force")]
    [InlineData("\"tool_choice\":{\"type\":\"function\"}", "tool_choice", "force")]
    [InlineData("\"tools\":[1]", "tools", "objects")]
    [InlineData("\"chat_template_kwargs\":{\"tokenize\":true}", "chat_template_kwargs", "tokenize")]
    [InlineData("\"chat_template\":\"{{ 1 }}\"", "chat_template", "own template")]
    [InlineData("\"continue_final_message\":true", "continue_final_message", "assistant")]
    [InlineData("\"model\":7", "model", "a string")]
    [InlineData("\"model\":\"finance\",\"adapter\":\"medical\"", "adapter", "one of them")]
    public void WrongField_TryRead_NamesItAndWhatWasExpected(string field, string param, string part)
    {
        var error = Refused($"{{{Hello},{field}}}");
        Assert.Equal(param, error.Param);
        Assert.Contains(part, error.Message);
        Assert.EndsWith(".", error.Message);
    }

    [Theory]
    [InlineData("{}", "messages", "missing")]
    [InlineData("{\"messages\":null}", "messages", "missing")]
    [InlineData("{\"messages\":[]}", "messages", "at least one")]
    [InlineData("{\"messages\":\"hi\"}", "messages", "an array")]
    [InlineData("{\"messages\":[\"hi\"]}", "messages[0]", "an object")]
    [InlineData("{\"messages\":[{\"content\":\"hi\"}]}", "messages[0].role", "found none")]
    [InlineData("{\"messages\":[{\"role\":\"king\",\"content\":\"hi\"}]}", "messages[0].role", "king")]
    [InlineData("{\"messages\":[{\"role\":5,\"content\":\"hi\"}]}", "messages[0].role", "found 5")]
    [InlineData("{\"messages\":[{\"role\":\"user\"}]}", "messages[0].content", "missing")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":null}]}", "messages[0].content", "missing")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":7}]}", "messages[0].content", "found 7")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":[]}]}", "messages[0].content", "non-empty")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}", "messages[0].content[0]", "image_url")]
    public void WrongMessages_TryRead_NamesThePlace(string body, string param, string part)
    {
        var error = Refused(body);
        Assert.Equal(param, error.Param);
        Assert.Contains(part, error.Message);
    }

    [Fact]
    public void SeveralWrongFields_TryRead_ReportsAllOfThem()
    {
        var error = Refused($"{{{Hello},\"temperature\":9,\"n\":0}}");
        Assert.Contains("'n'", error.Message);
        Assert.Contains("'temperature'", error.Message);
    }

    [Fact]
    public void ContentInParts_TryRead_IsJoined()
    {
        Assert.True(ChatCompletionsRequest.TryRead(Json.Parse("""
            {"messages":[{"role":"user","name":"x","content":[{"type":"text","text":"a\"b"},{"type":"text","text":"你"}]},
             {"role":"assistant","content":null,"tool_calls":[]},{"role":"tool","content":"t"}]}
            """), "smol", 100, 128, out var request, out _));
        Assert.Equal("a\"b\n你", request.Messages[0].GetProperty("content").GetString());
        Assert.Equal("x", request.Messages[0].GetProperty("name").GetString());
        Assert.Equal("t", request.Messages[2].GetProperty("content").GetString());
    }

    [Fact]
    public void HugeMaxTokens_TryRead_IsCutToWhatAnIntegerHolds()
    {
        Assert.Equal(int.MaxValue, Read("\"max_tokens\":9999999999999").Options.MaxTokens);
        Assert.Equal(int.MaxValue, Read("\"max_tokens\":1e30").Options.MaxTokens);
        Assert.Equal(100, Read("\"max_tokens\":1e2").Options.MaxTokens);
    }

    [Fact]
    public void AdapterField_TryRead_StandsForTheModel()
    {
        Assert.Equal("medical", Read("\"adapter\":\"medical\"").Options.Model);
        Assert.Equal("medical", Read("\"adapter\":\"medical\",\"model\":\"base\"").Options.Model);
        Assert.Equal("medical", Read("\"adapter\":null,\"model\":\"medical\"").Options.Model);
    }

    [Fact]
    public void HarmlessForms_TryRead_AreAccepted() => Read(
        "\"response_format\":{\"type\":\"text\"},\"best_of\":1,\"modalities\":[\"text\"],\"functions\":[],\"tool_choice\":\"none\",\"tools\":[{\"type\":\"function\"}],\"parallel_tool_calls\":true");
}
