using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Patchbay.FunctionalTests;

/// <summary>A good body of each address, with each of its values in turn replaced by each odd one: none may fail the server.</summary>
public sealed class OddValuesTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const string Place = "the odd value goes here";

    private const string Chat = """
        {"model":"medical","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}],"name":"a"}],"temperature":1,"top_p":0.9,"top_k":5,"min_p":0,"n":2,
         "max_tokens":2,"max_completion_tokens":2,"stop":["x"],"stop_token_ids":[5],"seed":1,"logprobs":true,"top_logprobs":1,"logit_bias":{"5":1},"presence_penalty":0,
         "frequency_penalty":0,"repetition_penalty":1,"response_format":{"type":"text"},"tools":[],"tool_choice":"none","user":"u","ignore_eos":false,"cache_salt":"s",
         "chat_template_kwargs":{},"metadata":{}}
        """;

    private const string Completion = """{"model":"medical","prompt":["Hi",[5,6]],"max_tokens":2,"n":2,"logprobs":1,"echo":false,"suffix":null,"stop":"x","stream_options":null}""";

    private const string Composition = """{"adapters":[{"name":"medical","weight":0.5},{"name":"pirate","weight":1}],"messages":[{"role":"user","content":"Hi"}],"max_tokens":1}""";

    private const string LoraxComposition = """{"merged_adapters":{"ids":["medical","pirate"],"weights":[0.5,1],"merge_strategy":"linear"},"prompt":"Hi","max_tokens":1}""";

    private const string LlamaComposition = """{"lora":[{"id":0,"scale":1}],"prompt":"Hi","max_tokens":1}""";

    private const string Compare = """{"models":["medical","base"],"messages":[{"role":"user","content":"Hi"}],"max_tokens":2,"seed":1}""";

    private const string Plan = """
        {"kind":"rules","rules":[{"match":{"header":{"name":"x-a","value":"1"},"user":"u","key":"k","tenant":"t"},"plan":{"kind":"fixed","digest":"current"}},
          {"match":{"user":"s"},"plan":{"kind":"shadow","digest":"current","shadow":{"digest":"VERSION","share":0.5}}}],
         "otherwise":{"kind":"weighted","arms":[{"name":"a","digest":"VERSION","weight":60},{"name":"b","digest":"current","weight":40}],"sticky":"user","salt":"s"}}
        """;

    private const string Release = """
        {"alias":"medical","candidate":"VERSION","kind":"canary","steps":[{"weight":10,"min_requests":1000,"hold_seconds":1000},{"weight":50}],
         "guards":[{"metric":"error_rate","max":0.5,"min":0,"min_samples":1,"failure_limit":0}],
         "judges":[{"kind":"regex","name":"r","pattern":"a"},{"kind":"json_schema","name":"j","schema":{"type":"object","properties":{"a":{"type":"string","minLength":1}},"required":["a"]}},
           {"kind":"http","name":"h","url":"http://127.0.0.1:1/","timeout_seconds":1}],
         "sticky":"user","auto_promote":true,"reason":"r"}
        """;

    private static readonly string[] Odd =
    [
        "null", "true", "0", "-1", "2.0", "1.5", "1e300", "1e400", "9223372036854775807", "18446744073709551616", "\"\"", "\"x\"", "\"\\u0000\"", "\"\\ud800\"",
        '"' + new string('a', 3000) + '"', "[]", "[null]", "[2.0]", "[\"x\"]", "[[]]", "[{}]", "{}", "{\"x\":1}", "{\"\":null}",
    ];

    [Theory]
    [InlineData("POST", "/v1/chat/completions", Chat)]
    [InlineData("POST", "/v1/completions", Completion)]
    [InlineData("POST", "/v1/chat/completions", Composition)]
    [InlineData("POST", "/v1/completions", LoraxComposition)]
    [InlineData("POST", "/v1/completions", LlamaComposition)]
    [InlineData("POST", "/v1/compare", Compare)]
    [InlineData("POST", "/switch-lora", """{"adapter_name":"medical","expected_generation":null,"reason":"r","actor":"a"}""")]
    [InlineData("POST", "/v1/load_lora_adapter", """{"lora_name":"medical","lora_path":"medical","load_inplace":true}""")]
    [InlineData("POST", "/v1/unload_lora_adapter", """{"lora_name":"education","lora_int_id":1}""")]
    [InlineData("PATCH", "/admin/adapters/finance", """{"priority":"high","pinned":true,"expected_generation":null,"reason":"r"}""")]
    [InlineData("POST", "/admin/adapters/pirate/release", """{"digest":"VERSION","expected_generation":null,"reason":"r"}""")]
    [InlineData("POST", "/admin/adapters/pirate/rollback", """{"digest":"VERSION","expected_generation":null,"reason":"r"}""")]
    [InlineData("POST", "/admin/routes/explain", "{\"model\":\"medical\",\"user\":\"u\",\"headers\":{\"x-a\":\"1\"},\"key\":\"k\",\"tenant\":\"t\",\"session\":\"s\",\"request_id\":\"r\",\"plan\":" + Plan + "}")]
    [InlineData("PUT", "/admin/routes/medical", "{\"plan\":" + Plan + ",\"reason\":\"r\"}")]
    [InlineData("POST", "/admin/releases", Release)]
    [InlineData("POST", "/v1/feedback", """{"id":"ANSWER","score":1,"comment":"c"}""")]
    [InlineData("POST", "/admin/audit/verify", """{"head":"x"}""")]
    public async Task NoValue_FailsTheServer(string method, string path, string body)
    {
        body = body.Replace("VERSION", await SecondVersionAsync("medical"), StringComparison.Ordinal);
        await SecondVersionAsync("pirate");
        body = body.Replace("ANSWER", await AnswerAsync(), StringComparison.Ordinal);
        await SendAsync(method, path, body, HttpStatusCode.BadRequest);
        foreach (var odd in WithOddValues(body))
        {
            await SendAsync(method, path, odd, HttpStatusCode.InternalServerError);
        }

        // What was changed on the way still answers.
        using var put = await server.Client.PutAsync("/admin/routes/medical", new StringContent("""{"plan":{"kind":"fixed","digest":"current"}}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        await server.AskAsync("medical", "What is a fever?");
    }

    private static IEnumerable<string> WithOddValues(string body)
    {
        var root = JsonNode.Parse(body)!;
        foreach (var odd in Odd)
        {
            yield return odd;
        }
        foreach (var replace in Replacements(root).ToList())
        {
            var text = replace();
            foreach (var odd in Odd)
            {
                yield return text.Replace('"' + Place + '"', odd, StringComparison.Ordinal);
            }
        }
    }

    // For each value below the node: the whole body with a placeholder in its stead.
    private static IEnumerable<Func<string>> Replacements(JsonNode node)
    {
        var fields = node is JsonObject map ? map.Select(field => field.Key).ToList() : [];
        foreach (var field in fields)
        {
            yield return () => With(node, parent => parent[field], (parent, value) => parent[field] = value);
            foreach (var deeper in node[field] is { } child ? Replacements(child) : [])
            {
                yield return deeper;
            }
        }
        for (var i = 0; i < (node as JsonArray)?.Count; i++)
        {
            var index = i;
            yield return () => With(node, parent => parent[index], (parent, value) => parent[index] = value);
            foreach (var deeper in node[index] is { } child ? Replacements(child) : [])
            {
                yield return deeper;
            }
        }
    }

    private static string With(JsonNode parent, Func<JsonNode, JsonNode?> get, Action<JsonNode, JsonNode?> set)
    {
        var original = get(parent);
        set(parent, Place);
        var text = parent.Root.ToJsonString();
        set(parent, original);
        return text;
    }

    private async Task<string> SecondVersionAsync(string name)
    {
        using var answer = await server.Client.PutAsync($"/admin/adapters/{name}?release=false", AdapterFiles.Tar(AdapterFiles.Folder("medical-v2")));
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.True(answer.IsSuccessStatusCode, json.RootElement.ToString());
        return json.RootElement.GetProperty("digest").GetString()!;
    }

    private async Task<string> AnswerAsync() =>
        (await server.PostJsonAsync("/v1/chat/completions", DemoServer.Ask("medical", "Hi", "\"max_tokens\":1"))).GetProperty("id").GetString()!;

    // A release that begins is ended at once: an alias has one at a time.
    private async Task SendAsync(string method, string path, string body, HttpStatusCode below)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode < below, $"{method} {path} {body}: {(int)response.StatusCode} {text}");
        if (response.StatusCode == HttpStatusCode.Created)
        {
            using var json = JsonDocument.Parse(text);
            await server.PostJsonAsync($"/admin/releases/{json.RootElement.GetProperty("id").GetString()}/abort", "{}");
        }
    }
}
