using Patchbay.Control.Answers;

namespace Patchbay.Control.Tests.Answers;

/// <summary>Both logs keep the same promises.</summary>
public sealed class AnswerLogTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("patchbay-answers-").FullName;
    private readonly MovingTime _time = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnAnswer_Find_GivesItBackWhole(bool onDisk)
    {
        await using var log = await OpenAsync(onDisk, new AnswerRetention(10, TimeSpan.FromDays(1)));
        var entry = Entry("chatcmpl-1") with { Arm = "canary", Prompts = [[1, 2], [3]], Parts = [new AnswerPart("sha256:aa", 0.5)] };
        await log.AppendAsync([entry, Entry("chatcmpl-2")], TestContext.Current.CancellationToken);

        var found = await log.FindAsync("chatcmpl-1", TestContext.Current.CancellationToken);
        Assert.NotNull(found);
        Assert.Equal(entry with { Parts = found.Parts, Prompts = found.Prompts }, found);
        Assert.Equal(entry.Parts, found.Parts);
        Assert.Equal(entry.Prompts, found.Prompts);
        Assert.Null(await log.FindAsync("chatcmpl-3", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PromptsNotKept_Find_HasNone(bool onDisk)
    {
        await using var log = await OpenAsync(onDisk, new AnswerRetention(10, TimeSpan.Zero));
        await log.AppendAsync([Entry("a") with { Prompts = [[1]] }], TestContext.Current.CancellationToken);
        Assert.Null((await log.FindAsync("a", TestContext.Current.CancellationToken))!.Prompts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PromptsPastTheirTime_Find_HasNone(bool onDisk)
    {
        await using var log = await OpenAsync(onDisk, new AnswerRetention(10, TimeSpan.FromHours(1)));
        await log.AppendAsync([Entry("a") with { Prompts = [[1]] }], TestContext.Current.CancellationToken);
        _time.Now += TimeSpan.FromMinutes(61);
        Assert.Null((await log.FindAsync("a", TestContext.Current.CancellationToken))!.Prompts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MoreThanTheRetention_Append_ForgetsTheOldest(bool onDisk)
    {
        await using var log = await OpenAsync(onDisk, new AnswerRetention(3, TimeSpan.Zero));
        for (var i = 0; i < 5; i++)
        {
            await log.AppendAsync([Entry($"id-{i}") with { Time = _time.Now.AddSeconds(i), Adapter = i % 2 == 0 ? "medical" : "finance" }], TestContext.Current.CancellationToken);
        }
        Assert.Equal(["id-4", "id-3", "id-2"], (await log.ListAsync(new AnswerQuery(10), TestContext.Current.CancellationToken)).Select(entry => entry.Id));
        Assert.Equal(["id-4", "id-2"], (await log.ListAsync(new AnswerQuery(10, Adapter: "medical"), TestContext.Current.CancellationToken)).Select(entry => entry.Id));
        Assert.Equal(["id-2"], (await log.ListAsync(new AnswerQuery(1, Before: _time.Now.AddSeconds(3)), TestContext.Current.CancellationToken)).Select(entry => entry.Id));
        Assert.Null(await log.FindAsync("id-0", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ARating_Find_HasTheFirstOneAndItsCommentForAsLongAsPrompts(bool onDisk)
    {
        await using var log = await OpenAsync(onDisk, new AnswerRetention(10, TimeSpan.FromHours(1)));
        await log.AppendAsync([Entry("a"), Entry("b")], TestContext.Current.CancellationToken);
        await log.RateAsync("a", new AnswerRating(0.5, "so so"), TestContext.Current.CancellationToken);
        await log.RateAsync("a", new AnswerRating(1, "changed my mind"), TestContext.Current.CancellationToken);
        await log.RateAsync("nobody", new AnswerRating(1, "?"), TestContext.Current.CancellationToken);

        Assert.Equal(new AnswerRating(0.5, "so so"), (await log.FindAsync("a", TestContext.Current.CancellationToken))!.Rating);
        Assert.Null((await log.FindAsync("b", TestContext.Current.CancellationToken))!.Rating);
        _time.Now += TimeSpan.FromMinutes(61);
        Assert.Equal(new AnswerRating(0.5, null), (await log.FindAsync("a", TestContext.Current.CancellationToken))!.Rating);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PromptsNotKept_Rate_KeepsTheScoreOnly(bool onDisk)
    {
        await using var log = await OpenAsync(onDisk, new AnswerRetention(10, TimeSpan.Zero));
        await log.AppendAsync([Entry("a")], TestContext.Current.CancellationToken);
        await log.RateAsync("a", new AnswerRating(0.5, "so so"), TestContext.Current.CancellationToken);
        Assert.Equal(new AnswerRating(0.5, null), (await log.FindAsync("a", TestContext.Current.CancellationToken))!.Rating);
    }

    [Fact]
    public async Task CommentsPastTheirTime_Append_RemovesThemFromTheFile()
    {
        await using (var log = await OpenAsync(onDisk: true, new AnswerRetention(10, TimeSpan.FromHours(1))))
        {
            await log.AppendAsync([Entry("a")], TestContext.Current.CancellationToken);
            await log.RateAsync("a", new AnswerRating(0.5, "so so"), TestContext.Current.CancellationToken);
            _time.Now += TimeSpan.FromMinutes(61);
            await log.AppendAsync([Entry("b")], TestContext.Current.CancellationToken);
        }
        // A longer retention later brings nothing back.
        await using var again = await OpenAsync(onDisk: true, new AnswerRetention(10, TimeSpan.FromDays(1)));
        Assert.Equal(new AnswerRating(0.5, null), (await again.FindAsync("a", TestContext.Current.CancellationToken))!.Rating);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OneThatRanLong_ListByPages_IsOnOneOfThem(bool onDisk)
    {
        await using var log = await OpenAsync(onDisk, new AnswerRetention(10, TimeSpan.Zero));
        // Began first and ended last.
        await log.AppendAsync([Entry("b") with { Time = _time.Now.AddSeconds(1) }, Entry("c") with { Time = _time.Now.AddSeconds(2) }, Entry("a")], TestContext.Current.CancellationToken);
        List<string> seen = [];
        DateTimeOffset? before = null;
        while ((await log.ListAsync(new AnswerQuery(1, before), TestContext.Current.CancellationToken)) is [var entry])
        {
            seen.Add(entry.Id);
            before = entry.Time;
        }
        Assert.Equal(["c", "b", "a"], seen);
    }

    [Fact]
    public async Task AfterAReopening_Find_StillKnows()
    {
        await using (var log = await OpenAsync(onDisk: true, AnswerRetention.Default))
        {
            await log.AppendAsync([Entry("a")], TestContext.Current.CancellationToken);
        }
        await using var again = await OpenAsync(onDisk: true, AnswerRetention.Default);
        Assert.NotNull(await again.FindAsync("a", TestContext.Current.CancellationToken));
    }

    private async Task<IAnswerLog> OpenAsync(bool onDisk, AnswerRetention retention) => onDisk
        ? await SqliteAnswerLog.OpenAsync(Path.Combine(_directory, "answers.db"), retention, _time, TestContext.Current.CancellationToken)
        : new MemoryAnswerLog(retention, _time);

    private AnswerEntry Entry(string id) => new()
    {
        Id = id,
        Time = _time.Now,
        Operation = "chat",
        Actor = "local",
        Adapter = "medical",
        Digest = "sha256:aa",
        Generation = "3",
        Parts = [],
        Options = "{}",
        PromptHash = "sha256:bb",
        TextHash = "sha256:cc",
        PromptTokens = 3,
        CompletionTokens = 4,
        Duration = 12.5,
        Outcome = "done",
    };

    private sealed class MovingTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
