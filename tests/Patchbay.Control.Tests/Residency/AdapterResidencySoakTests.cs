using Microsoft.Extensions.Time.Testing;
using Patchbay.Control.Residency;

namespace Patchbay.Control.Tests.Residency;

/// <summary>Random interleavings, repeatable by their seed, and real threads.</summary>
public sealed class AdapterResidencySoakTests
{
    private const int Budget = 60;
    private static readonly VersionDigest[] s_versions = [.. Enumerable.Range(0, 12).Select(index => Versions.Of($"version {index}"))];

    /// <summary>
    /// Callers come, leave and end their leases, loads end well, badly or late, operators pin, unload, remove and register again, in
    /// any order. After every step the budget holds, a digest is read at most once at a time (the loader checks it) and no
    /// leased version is freed (so does it); at the end every caller has an answer and no lease or byte is left over.
    /// </summary>
    [Fact]
    public async Task RandomInterleavings_InvariantsHoldAfterEveryStep()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            try
            {
                using var interleaving = new Interleaving(seed);
                await interleaving.RunAsync();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed} broke a rule.", failure);
            }
        }
    }

    [Fact]
    public async Task ThirtyTwoThreads_AcquireAndUnload_EveryoneIsAnsweredAndNothingLeaks()
    {
        var loader = new FakeLoader(endsByItself: true);
        using var residency = new AdapterResidency<FakeAdapter, FakeLease>(
            loader, new ResidencyOptions { BudgetBytes = Budget, MaxConcurrentLoads = 3 }, TimeProvider.System);
        foreach (var version in s_versions)
        {
            residency.Register(version, "path", 10);
        }
        var outcomes = new int[5];

        await Task.WhenAll(Enumerable.Range(0, 32).Select(thread => Task.Run(async () =>
        {
            var random = new Random(thread);
            for (var i = 0; i < 1024; i++)
            {
                var version = s_versions[random.Next(s_versions.Length)];
                if (random.Next(8) == 0)
                {
                    residency.Unload(version);
                    continue;
                }
                var answer = await residency.AcquireAsync(version);
                Interlocked.Increment(ref outcomes[(int)answer.Outcome]);
                if (random.Next(4) == 0)
                {
                    await Task.Yield();
                }
                answer.Lease?.Dispose();
            }
        })));

        Assert.Equal(outcomes[(int)AcquireOutcome.Leased], outcomes.Sum());
        Assert.True(loader.MostBytes <= Budget, $"{loader.MostBytes} bytes at most");
        foreach (var version in s_versions)
        {
            residency.Unload(version);
        }
        Assert.Equal(0, loader.Bytes);
        Assert.Equal((0, 0, 0), (residency.Totals.ReadyBytes, residency.Totals.ReservedBytes, residency.Totals.Waiters));
    }

    private sealed class Interleaving : IDisposable
    {
        private readonly Random _random;
        private readonly ManualScheduler _scheduler;
        private readonly FakeTimeProvider _time = new();
        private readonly FakeLoader _loader = new();
        private readonly AdapterResidency<FakeAdapter, FakeLease> _residency;
        private readonly List<(Task<Acquisition<FakeLease>> Answer, CancellationTokenSource Client)> _callers = [];
        private readonly List<FakeLease> _leases = [];

        public Interleaving(int seed)
        {
            _random = new Random(seed);
            _scheduler = new ManualScheduler(_random);
            _residency = new(_loader, new ResidencyOptions { BudgetBytes = Budget, MaxConcurrentLoads = 1 + seed % 3 }, _time, _scheduler);
            for (var i = 0; i < s_versions.Length; i++)
            {
                _loader.Sizes[s_versions[i]] = 5 + 5 * (i % 4);
                Register(s_versions[i]);
            }
        }

        public async Task RunAsync()
        {
            for (var step = 0; step < 300; step++)
            {
                Step(s_versions[_random.Next(s_versions.Length)]);
                await CheckAsync();
            }
            await EndAsync();
        }

        public void Dispose() => _residency.Dispose();

        private void Register(VersionDigest version) => _residency.Register(version, "path", _loader.Sizes[version]);

        private void Step(VersionDigest version)
        {
            switch (_random.Next(12))
            {
                case 0 or 1 or 2:
                    var client = new CancellationTokenSource();
                    _callers.Add((_residency.AcquireAsync(version, client.Token).AsTask(), client));
                    break;
                case 3 or 4 when _leases.Count > 0:
                    TakeLease().Dispose();
                    break;
                case 5 when _callers.Count > 0:
                    _callers[_random.Next(_callers.Count)].Client.Cancel();
                    break;
                case 6 or 7 when _loader.Pending.Count > 0:
                    End(_loader.Pending[_random.Next(_loader.Pending.Count)]);
                    break;
                case 8:
                    Operate(version);
                    break;
                case 9:
                    _time.Advance(TimeSpan.FromSeconds(_random.Next(4)));
                    break;
                default:
                    _scheduler.RunOne();
                    break;
            }
        }

        private void End(PendingLoad load)
        {
            switch (_random.Next(6))
            {
                case 0:
                    load.Fail(new AdapterLoadException("broken"));
                    break;
                case 1 when load.IsCancelled:
                    load.Obey();
                    break;
                default:
                    load.Succeed();
                    break;
            }
            // Its slot in the list is the loader's; the continuation is what the seed orders.
            _loader.Pending.Remove(load);
        }

        private void Operate(VersionDigest version)
        {
            switch (_random.Next(4))
            {
                case 0:
                    _residency.Rank(version, (AdapterPriority)_random.Next(4), isPinned: _random.Next(4) == 0);
                    break;
                case 1:
                    _residency.Unload(version);
                    break;
                case 2:
                    _residency.Remove(version);
                    break;
                default:
                    Register(version);
                    break;
            }
        }

        private FakeLease TakeLease()
        {
            var index = _random.Next(_leases.Count);
            var lease = _leases[index];
            _leases.RemoveAt(index);
            return lease;
        }

        private async Task CheckAsync()
        {
            foreach (var caller in _callers.Where(caller => caller.Answer.IsCompleted).ToArray())
            {
                _callers.Remove(caller);
                if (!caller.Answer.IsCanceled && (await caller.Answer) is { Lease: { } lease })
                {
                    _leases.Add(lease);
                }
            }
            var totals = _residency.Totals;
            Assert.True(totals.ReadyBytes + totals.ReservedBytes <= Budget);
            Assert.True(_loader.MostBytes <= Budget);
        }

        // Whatever happened before: when loads end and leases are given back, everybody is answered.
        private async Task EndAsync()
        {
            for (var round = 0; round < 10_000 && (_callers.Count > 0 || !_scheduler.IsEmpty || _loader.Pending.Count > 0); round++)
            {
                _scheduler.RunAll();
                foreach (var load in _loader.Pending.ToArray())
                {
                    load.Succeed();
                    _loader.Pending.Remove(load);
                }
                _scheduler.RunAll();
                // Continuations of answered callers run on the pool.
                await (_scheduler.IsEmpty ? Task.Delay(1) : Task.CompletedTask);
                await CheckAsync();
                _leases.ForEach(lease => lease.Dispose());
                _leases.Clear();
                _time.Advance(TimeSpan.FromMilliseconds(100));
            }
            Assert.Empty(_callers);
            _leases.ForEach(lease => lease.Dispose());
            foreach (var version in s_versions)
            {
                _residency.Remove(version);
            }
            _scheduler.RunAll();
            Assert.Equal(0, _loader.Bytes);
            var totals = _residency.Totals;
            Assert.Equal((0, 0, 0), (totals.ReadyBytes, totals.ReservedBytes, totals.Waiters));
        }
    }
}
