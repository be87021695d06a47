using Microsoft.Extensions.Logging.Abstractions;
using Patchbay.Control.Answers;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Tests.Observability;

public sealed class AnswerKeeperTests
{
    [Fact]
    public async Task AnswersAndARating_Dispose_HasWrittenTheRatingAfterItsAnswer()
    {
        var log = new RecordedLog();
        await using (var keeper = new AnswerKeeper(log, NullLogger<AnswerKeeper>.Instance))
        {
            keeper.Record(Records.Of("medical", 1, 1, 1) with { Id = "a" });
            keeper.Rate("a", new AnswerRating(1, "well"));
            keeper.Record(Records.Of("medical", 1, 1, 1) with { Id = "b" });
        }
        Assert.Equal(["a", "b"], log.Written.Where(line => !line.StartsWith("rated", StringComparison.Ordinal)));
        Assert.True(log.Written.IndexOf("rated a") > log.Written.IndexOf("a"));
    }

    [Fact]
    public async Task ALogThatFails_Record_CountsWhatWasLostAndGoesOn()
    {
        var log = new RecordedLog { Fails = true };
        var keeper = new AnswerKeeper(log, NullLogger<AnswerKeeper>.Instance);
        keeper.Record(Records.Of("medical", 1, 1, 1) with { Id = "a" });
        keeper.Rate("a", new AnswerRating(1, null));
        await WaitAsync(() => keeper.Lost == 2);
        log.Fails = false;
        keeper.Record(Records.Of("medical", 1, 1, 1) with { Id = "b" });
        await keeper.DisposeAsync();
        Assert.Equal(["b"], log.Written);
        Assert.Equal(2, keeper.Lost);
    }

    private static async Task WaitAsync(Func<bool> isSo)
    {
        for (var attempt = 0; !isSo(); attempt++)
        {
            Assert.True(attempt < 1000);
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private sealed class RecordedLog : IAnswerLog
    {
        public volatile bool Fails;

        public List<string> Written { get; } = [];

        public bool KeepsPrompts => false;

        public Task AppendAsync(IReadOnlyList<AnswerEntry> entries, CancellationToken cancellation)
        {
            Written.AddRange(Fails ? throw new IOException("full") : entries.Select(entry => entry.Id));
            return Task.CompletedTask;
        }

        public Task RateAsync(string id, AnswerRating rating, CancellationToken cancellation)
        {
            Written.Add(Fails ? throw new IOException("full") : "rated " + id);
            return Task.CompletedTask;
        }

        public Task<AnswerEntry?> FindAsync(string id, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<IReadOnlyList<AnswerEntry>> ListAsync(AnswerQuery query, CancellationToken cancellation) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
