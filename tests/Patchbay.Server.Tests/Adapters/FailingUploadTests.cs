using Patchbay.Control.Residency;
using Patchbay.Server.Adapters;

namespace Patchbay.Server.Tests.Adapters;

/// <summary>A replacement that fails at any step: a clear refusal, the old version serves on, nothing is left, and the next one works.</summary>
public sealed class FailingUploadTests
{
    private sealed class Check : IAdapterCheck
    {
        public Func<string?> Answer { get; set; } = () => null;

        public Task<string?> FindProblemAsync(AdapterCandidate candidate, CancellationToken cancellation) => Task.FromResult(Answer());
    }

    private const string WrongProbe = """{"probes":[{"prompt":[1,2,3],"tokens":[0,0,0,0]}]}""";

    [Fact]
    public async Task KthStepOfTheStoreFails_Upload_LeavesTheOldOneOrReleasesTheNewOne()
    {
        await using var bench = await UploadBench.OpenAsync();
        Assert.Null((await bench.UploadAsync(bench.Write("medical", "old"))).Error);
        var (old, row) = await bench.AnswerAsync();
        var refused = 0;
        for (var k = 1; ; k++)
        {
            bench.Disk.Restart();
            bench.Disk.FailAt = k;
            var path = bench.Write("medical-v2", $"step {k}");
            var answer = await bench.UploadAsync(path);
            var (digest, logits) = await bench.AnswerAsync();
            var hasFailed = bench.Disk.HasFailed;
            bench.Disk.Restart();
            if (answer.Error is not { } error)
            {
                // What failed was tidying up, or nothing any more.
                Assert.Equal(answer.Value!.Digest, digest);
                Assert.NotEqual(row, logits);
                Assert.Null((await bench.Commands.RollbackAsync("medical", old.ToString(), null, new("tester"), default)).Error);
                if (!hasFailed)
                {
                    break;
                }
                continue;
            }
            refused++;
            Assert.Equal(("no_room", 507), (error.Code, error.Status));
            Assert.DoesNotContain(Path.GetTempPath(), error.Message, StringComparison.Ordinal);
            Assert.Equal(old, digest);
            Assert.Equal(row, logits);
            Assert.Equal(0, bench.Residency.Totals.ReservedBytes);
            Assert.Equal(bench.State.Adapters["medical"].Versions.Length, bench.Stored.Count);
            Assert.Null((await bench.UploadAsync(path)).Error);
            Assert.Null((await bench.Commands.RollbackAsync("medical", old.ToString(), null, new("tester"), default)).Error);
        }
        Assert.True(refused >= 10, $"{refused} steps were refused.");
    }

    [Theory]
    [InlineData("parse", "adapter_refused")]
    [InlineData("no memory", "no_room")]
    [InlineData("bug in the loader", "adapter_refused")]
    [InlineData("broken base", "adapter_refused")]
    [InlineData("broken probes", "adapter_refused")]
    [InlineData("wrong probes", "adapter_refused")]
    [InlineData("check refuses", "adapter_refused")]
    [InlineData("check fails", "adapter_refused")]
    [InlineData("journal", "journal_failed")]
    public async Task AnyStepFails_Upload_IsRefusedAndTheOldOneServes(string step, string code)
    {
        var check = new Check();
        await using var bench = await UploadBench.OpenAsync(check);
        Assert.Null((await bench.UploadAsync(bench.Write("medical", "old"))).Error);
        var (old, row) = await bench.AnswerAsync();
        var ready = bench.Residency.Totals.ReadyBytes;
        var good = bench.Write("medical-v2", "new");
        var path = Break(step, bench, check) ?? good;

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var error = (await bench.UploadAsync(path)).Error;
            Assert.Equal(code, error?.Code);
            Assert.DoesNotContain(Path.GetTempPath(), error!.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
            var (digest, logits) = await bench.AnswerAsync();
            Assert.Equal(old, digest);
            Assert.Equal(row, logits);
            Assert.Equal([old], bench.Stored);
            Assert.Equal(1, bench.InMemory);
            var totals = bench.Residency.Totals;
            Assert.Equal((ready, 0L, 0), (totals.ReadyBytes, totals.ReservedBytes, totals.Waiters));
        }

        bench.Loader.BeforeLoad = () => { };
        check.Answer = () => null;
        bench.Journal.FailBefore = false;
        Assert.Null((await bench.UploadAsync(good)).Error);
        Assert.NotEqual(row, (await bench.AnswerAsync()).Row);
    }

    [Fact]
    public async Task JournalWritesAndThenFails_Upload_SaysSoAndTheNewOneServes()
    {
        await using var bench = await UploadBench.OpenAsync();
        Assert.Null((await bench.UploadAsync(bench.Write("medical", "old"))).Error);
        var (old, _) = await bench.AnswerAsync();
        var path = bench.Write("medical-v2", "new");
        bench.Journal.FailAfter = true;
        Assert.Equal("journal_failed", (await bench.UploadAsync(path)).Error?.Code);
        bench.Journal.FailAfter = false;

        var (digest, _) = await bench.AnswerAsync();
        Assert.NotEqual(old, digest);
        Assert.Equal(2, bench.Stored.Count);
        var again = await bench.UploadAsync(path);
        Assert.Equal((digest, false), (again.Value!.Digest, again.Value.IsNew));
    }

    [Fact]
    public async Task CallerLeavesWhileItLoads_Upload_LeavesNothing()
    {
        await using var bench = await UploadBench.OpenAsync();
        Assert.Null((await bench.UploadAsync(bench.Write("medical", "old"))).Error);
        var (old, row) = await bench.AnswerAsync();
        using var leaving = new CancellationTokenSource();
        bench.Loader.BeforeLoad = leaving.Cancel;
        var path = bench.Write("medical-v2", "new");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.UploadAsync(path, leaving.Token));
        bench.Loader.BeforeLoad = () => { };

        Assert.Equal([old], bench.Stored);
        Assert.Equal(row, (await bench.AnswerAsync()).Row);
        Assert.Null((await bench.UploadAsync(path)).Error);
        Assert.Equal(2, bench.InMemory);
    }

    private static string? Break(string step, UploadBench bench, Check check)
    {
        switch (step)
        {
            case "parse":
                return bench.Write("medical-v2", "new", ("adapter_config.json", "{\"peft_type\":\"LOHA\"}"));
            case "no memory":
                bench.Loader.BeforeLoad = () => throw new AdapterLoadException("There is not enough memory to load this adapter.", isOutOfMemory: true);
                break;
            case "bug in the loader":
                bench.Loader.BeforeLoad = () => throw new InvalidOperationException("/secret/path");
                break;
            case "broken base":
                return bench.Write("medical-v2", "new", ("base.json", "{\"digest\":\"x\"}"));
            case "broken probes":
                return bench.Write("medical-v2", "new", ("probes.json", "{"));
            case "wrong probes":
                return bench.Write("medical-v2", "new", ("probes.json", WrongProbe));
            case "check refuses":
                check.Answer = () => "wrong licence";
                break;
            case "check fails":
                check.Answer = () => throw new InvalidOperationException("/secret/path");
                break;
            default:
                bench.Journal.FailBefore = true;
                break;
        }
        return null;
    }
}
