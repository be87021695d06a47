using Patchbay.Control.Releases;
using Patchbay.Control.Routing;
using Patchbay.Control.Tests.Releases.Statistics;

namespace Patchbay.Control.Tests.Releases;

/// <summary>
/// Releases in virtual time under seeded traffic, restarts, clock jumps and bad versions. PATCHBAY_SEEDS sets how many worlds
/// are tried.
/// </summary>
public sealed class ReleaseSimulationTests(ITestOutputHelper output)
{
    // Requests a second, of 2,000 users; the guards below need no more than this to end a bad canary in time.
    private const int Traffic = 200;

    private static int Seeds => int.TryParse(Environment.GetEnvironmentVariable("PATCHBAY_SEEDS"), out var seeds) ? seeds : 200;

    [Fact]
    public void ManyWorlds_KeepEveryPromise()
    {
        var ends = new Dictionary<ReleaseState, int>();
        var slowest = 0.0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var world = new World(seed, Traffic);
            world.Run();
            foreach (var release in world.Releases)
            {
                ends[release.State] = ends.GetValueOrDefault(release.State) + 1;
            }
            slowest = Math.Max(slowest, world.SlowestRollback);
        }
        output.WriteLine($"{Seeds} worlds: {string.Join(", ", ends.OrderBy(end => end.Key).Select(end => $"{end.Value} {end.Key}"))}; slowest rollback {slowest:0} s");
        Assert.True(ends.GetValueOrDefault(ReleaseState.Promoted) > Seeds / 4);
        Assert.True(ends.GetValueOrDefault(ReleaseState.RolledBack) > Seeds / 4);
    }

    private sealed class World(int seed, int traffic)
    {
        private readonly Fast _random = new(seed);
        private readonly VirtualTime _clock = new();
        private readonly AliasTable _aliases = new();
        private readonly Dictionary<string, string> _documents = new(StringComparer.Ordinal);
        private Release? _running;
        private ReleaseFigures? _figures;
        private CompiledPlan? _plan;
        private double _errors;
        private long _exposed;
        private double _allowed, _age;
        private bool _isBad;

        public List<Release> Releases { get; } = [];

        public double SlowestRollback { get; private set; }

        public void Run()
        {
            _aliases.Set("medical", Versions.Of("v0"));
            for (var number = 1; number <= 3; number++)
            {
                Start(number);
                for (var second = 0; second < 400 && _running is { IsOver: false }; second++)
                {
                    Second();
                }
                if (_running is { IsOver: false })
                {
                    Apply(ReleaseStep.Abort(_running, "time is up", "alice", _clock.GetUtcNow()));
                }
                Assert.True(_running!.IsOver);
                Releases.Add(_running);
                Assert.Equal(_running.State == ReleaseState.Promoted ? _running.Candidate : _running.Stable, Current.Digest);
            }
        }

        private AdapterAlias Current => _aliases.Snapshot.TryGet("medical", out var alias) ? alias : throw new InvalidOperationException("The stable version is gone.");

        private void Start(int number)
        {
            _isBad = _random.Next() < 0.5;
            _errors = _isBad ? 0.05 + 0.2 * _random.Next() : 0.002;
            (_exposed, _allowed, _age) = (0, 0, 0);
            var spec = new ReleaseSpec("medical", $"v{number}",
                [new RolloutStep(10, 100, 10), new RolloutStep(50, 200, 10), new RolloutStep(100, 0, 5)],
                [new ReleaseGuard(GuardMetric.ErrorRate, Max: 0.02, MinSamples: 100), new ReleaseGuard(GuardMetric.TtftP95Ratio, Max: 1.5, MinSamples: 50, FailureLimit: 2)]);
            var surroundings = new ReleaseSurroundings(Current.Digest, Versions.Of($"{seed}/v{number}"), ProbeOutcome.None, null, null, _ => null);
            Assert.Empty(ReleaseStart.Validate(spec, surroundings));
            _running = ReleaseStart.Begin(spec, surroundings, $"rel-{number}", "alice", _clock.GetUtcNow());
            _figures = new ReleaseFigures(_clock);
            Save();
            // A second one is refused while this one runs.
            Assert.NotEmpty(ReleaseStart.Validate(spec, surroundings with { RunningRelease = Running().Id }));
        }

        private void Second()
        {
            Serve();
            _clock.Advance(1);
            _age++;
            var luck = _random.Next();
            if (luck < 0.01)
            {
                _clock.Advance((_random.Next() - 0.5) * 20_000);
            }
            else if (luck < 0.015)
            {
                // kill -9: memory is gone, the documents stay.
                _running = ReleaseJson.Read(_documents["rel"]);
                _figures = new ReleaseFigures(_clock);
                _clock.Advance(_random.Next() * 100);
                Apply(ReleaseStep.Restart(_running, _clock.GetUtcNow()));
                _age = 0;
            }
            else if (luck < 0.02)
            {
                Apply(_running!.State == ReleaseState.Paused
                    ? ReleaseStep.Resume(_running, "go on", "alice", _clock.GetUtcNow()) : ReleaseStep.Pause(_running, "wait", "alice", _clock.GetUtcNow()));
            }
            Look();
        }

        private void Serve()
        {
            _allowed += traffic * _running!.Weight / 100;
            for (var i = 0; i < traffic; i++)
            {
                var key = new RouteKey($"r{i}", User: $"u{(int)(_random.Next() * 2_000)}");
                var choice = _plan!.Choose(key, Current.Digest);
                var isCandidate = choice.Arm == "canary";
                Assert.Equal(isCandidate ? _running.Candidate : _running.Stable, choice.Digest);
                _exposed += isCandidate ? 1 : 0;
                var isError = _random.Next() < (isCandidate ? _errors : 0.002);
                (isCandidate ? _figures!.Candidate : _figures!.Stable).RecordAnswer(
                    new AnswerFigures(isError, 20, isError ? "error" : "stop", 0.05 + 0.05 * _random.Next(), 0.01));
            }
        }

        private void Look()
        {
            var observation = _figures!.Observe(ProbeOutcome.None);
            var change = ReleaseStep.Next(_running!, observation, _clock.GetUtcNow());
            if (change.Release.State == ReleaseState.Promoted)
            {
                Assert.All(ReleaseStep.ReadGuards(_running!, observation), reading => Assert.Equal(GuardStatus.Ok, reading.Status));
                Assert.False(_isBad);
            }
            if (change.Release.State == ReleaseState.RolledBack)
            {
                SlowestRollback = Math.Max(SlowestRollback, _age);
            }
            Apply(change);
            Assert.True(!_isBad || _running!.IsOver || _age < 30, $"Seed {seed}: a candidate with {_errors:P0} errors is there after {_age} s.");
            // 2,000 users in sticky arms: their share misses the weight by a few per cent of it at most.
            Assert.True(_exposed <= _allowed * 1.3 + 50, $"Seed {seed}: {_exposed} requests reached the candidate, {_allowed} were meant to.");
        }

        private void Apply(ReleaseChange change)
        {
            var hasNewStep = change.Release.Step != _running!.Step;
            _running = change.Release;
            if (change.Events.Count == 0)
            {
                return;
            }
            if (hasNewStep)
            {
                _figures!.BeginStep();
            }
            if (_running.State == ReleaseState.Promoted)
            {
                var generation = Current.Generation;
                Assert.Equal(AliasChangeOutcome.Applied, _aliases.Set("medical", _running.Candidate, generation).Outcome);
                Assert.Equal(generation + 1, Current.Generation);
            }
            Save();
        }

        private void Save()
        {
            _documents["rel"] = ReleaseJson.Write(_running!);
            var plan = _running!.IsOver ? new FixedPlan(RoutePlan.Current) : _running.ToPlan();
            Assert.Empty(RoutePlanValidator.Validate(plan, _ => true));
            _plan = CompiledPlan.Compile("medical", plan);
        }

        private Release Running() => ReleaseJson.Read(_documents["rel"]);
    }
}
