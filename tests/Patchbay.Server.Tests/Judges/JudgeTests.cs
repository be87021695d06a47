using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Patchbay.Control.Releases;
using Patchbay.Server.Judges;

namespace Patchbay.Server.Tests.Judges;

public sealed class JudgeTests
{
    private static readonly JudgedAnswer Answer = new("chatcmpl-1", "medical", "canary", "sha256:00", "question", "{\"dose\": 2}");

    [Theory]
    [InlineData("^\\{", 1)]
    [InlineData("aspirin", 0)]
    public async Task Pattern_Score_SaysWhetherItOccurs(string pattern, double expected) =>
        Assert.Equal(expected, await Create(new ReleaseJudge(JudgeKind.Regex, "j", pattern)).ScoreAsync(Answer, default));

    [Theory]
    [InlineData("(", "no regular expression")]
    [InlineData("(a)\\1", "back-references")]
    [InlineData("", "1 to 4096")]
    [InlineData(null, "1 to 4096")]
    public void BadPattern_FindProblem_SaysWhy(string? pattern, string words)
    {
        var problem = Registry().FindProblem(new ReleaseJudge(JudgeKind.Regex, "j", pattern));
        Assert.Equal("pattern", problem!.Field);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"object","required":["dose"],"properties":{"dose":{"type":"integer","minimum":1,"maximum":4}},"additionalProperties":false}""", """{"dose":2}""", true)]
    [InlineData("""{"type":"object","properties":{"dose":{"type":"integer","maximum":4}}}""", """{"dose":5}""", false)]
    [InlineData("""{"type":"object","required":["dose"]}""", """{}""", false)]
    [InlineData("""{"additionalProperties":false,"properties":{"a":{}}}""", """{"a":1,"b":2}""", false)]
    [InlineData("""{"additionalProperties":{"type":"string"}}""", """{"b":2}""", false)]
    [InlineData("""{"type":"array","items":{"enum":["a",1,null]},"minItems":1,"maxItems":3}""", """["a",1.0,null]""", true)]
    [InlineData("""{"type":"array","items":{"enum":["a"]},"maxItems":3}""", """["b"]""", false)]
    [InlineData("""{"const":{"a":[1]}}""", """{"a":[1]}""", true)]
    [InlineData("""{"type":["string","null"],"maxLength":2}""", "\"你好\"", true)]
    [InlineData("""{"type":["string","null"],"maxLength":2}""", "\"abc\"", false)]
    [InlineData("""{"type":"integer"}""", "1.0", true)]
    [InlineData("""{"type":"integer"}""", "1.5", false)]
    [InlineData("""{"type":"boolean"}""", "\"true\"", false)]
    [InlineData("""{"type":"object"}""", "no json", false)]
    public async Task Schema_Score_SaysWhetherTheAnswerHasTheShape(string schema, string text, bool isGood)
    {
        var judge = Create(new ReleaseJudge(JudgeKind.JsonSchema, "j", Schema: JsonDocument.Parse(schema).RootElement));
        Assert.Equal(isGood ? 1 : 0, await judge.ScoreAsync(Answer with { Text = text }, default));
    }

    [Theory]
    [InlineData("""{"properties":{"a":{"pattern":"x"}}}""", "schema.properties.a.pattern")]
    [InlineData("""{"$ref":"#/x"}""", "schema.$ref")]
    [InlineData("""{"type":"date"}""", "schema.type")]
    [InlineData("""{"minItems":-1}""", "schema.minItems")]
    [InlineData("""[]""", "schema")]
    public void SchemaWithUnknownParts_FindProblem_NamesThem(string schema, string field) =>
        Assert.Equal(field, Registry().FindProblem(new ReleaseJudge(JudgeKind.JsonSchema, "j", Schema: JsonDocument.Parse(schema).RootElement))!.Field);

    [Theory]
    [InlineData("ftp://a/")]
    [InlineData("judge")]
    [InlineData("http://user:secret@a/")]
    [InlineData(null)]
    public void BadAddress_FindProblem_NamesTheField(string? url) =>
        Assert.Equal("url", Registry().FindProblem(new ReleaseJudge(JudgeKind.Http, "j", Url: url))!.Field);

    [Theory]
    [InlineData(HttpStatusCode.OK, """{"score":0.25}""", 0.25)]
    [InlineData(HttpStatusCode.OK, """{"score":7}""", null)]
    [InlineData(HttpStatusCode.OK, """{"points":1}""", null)]
    [InlineData(HttpStatusCode.OK, "no json", null)]
    [InlineData(HttpStatusCode.InternalServerError, """{"score":1}""", null)]
    public async Task Service_InALane_GivesItsScoreOrNone(HttpStatusCode status, string body, double? expected)
    {
        string? sent = null;
        var registry = Registry(new FakeService(async request =>
        {
            sent = await request.Content!.ReadAsStringAsync();
            return new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        }));
        Assert.Equal(expected, await JudgeAsync(registry.TryCreate(new ReleaseJudge(JudgeKind.Http, "j", Url: "http://judge/score"), out _)!, TimeSpan.FromSeconds(20)));
        Assert.Contains("\"arm\":\"canary\"", sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JudgeThatHangs_InALane_FailsInTimeAndIsThenLeftAlone()
    {
        using var never = new ManualResetEventSlim();
        var lane = new JudgeLane(new Registered("j", _ =>
        {
            never.Wait();
            return 1;
        }), "j", TimeSpan.FromMilliseconds(50), TimeProvider.System, NullLogger.Instance);
        var scores = new System.Collections.Concurrent.ConcurrentQueue<double?>();
        var taken = Enumerable.Range(0, 100).Count(_ => lane.TryJudge(Answer, (_, score) => scores.Enqueue(score)));
        Assert.Equal(8, taken);
        while (scores.Count < 8)
        {
            await Task.Delay(10);
        }
        Assert.All(scores, Assert.Null);
        Assert.False(lane.TryJudge(Answer, (_, _) => { }));
        never.Set();
    }

    [Fact]
    public async Task RegisteredJudge_IsFoundByNameOnly()
    {
        var registry = new JudgeRegistry([new Registered("mine", answer => answer.Text.Length / 100.0)], new HttpClient());
        Assert.Equal(0.11, await JudgeAsync(registry.TryCreate(new ReleaseJudge(JudgeKind.Registered, "mine"), out _)!, TimeSpan.FromSeconds(20)));
        Assert.Equal("name", registry.FindProblem(new ReleaseJudge(JudgeKind.Registered, "other"))!.Field);
        Assert.Equal("timeout_seconds", registry.FindProblem(new ReleaseJudge(JudgeKind.Registered, "mine", TimeoutSeconds: 0))!.Field);
    }

    private static IAnswerJudge Create(ReleaseJudge judge)
    {
        var created = Registry().TryCreate(judge, out var problem);
        Assert.Null(problem);
        return created!;
    }

    private static JudgeRegistry Registry(HttpMessageHandler? service = null) =>
        new([], new HttpClient(service ?? new FakeService(_ => throw new HttpRequestException())));

    private static Task<double?> JudgeAsync(IAnswerJudge judge, TimeSpan timeout)
    {
        var done = new TaskCompletionSource<double?>();
        Assert.True(new JudgeLane(judge, "j", timeout, TimeProvider.System, NullLogger.Instance).TryJudge(Answer, (_, score) => done.SetResult(score)));
        return done.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private sealed class Registered(string name, Func<JudgedAnswer, double> score) : IAnswerJudge
    {
        public string Name => name;

        public ValueTask<double> ScoreAsync(JudgedAnswer answer, CancellationToken cancellation) => new(score(answer));
    }
}
