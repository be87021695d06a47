using CsCheck;
using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Scheduling;

namespace Patchbay.Engine.Tests.Scheduling;

/// <summary>The scheduler under adapters that ask for more than the engine can do: who is served, and how long others wait.</summary>
public sealed class AdapterFairnessTests
{
    private const int Slots = 8;
    private const int LongestPrompt = 40;
    private const int LongestAnswer = 30;

    [Fact]
    public void BusyAdapter_DoesNotMakeAnotherWaitForItsQueue()
    {
        var world = new World(seed: 1);
        for (var i = 0; i < 2000; i++)
        {
            world.Enqueue("busy");
        }

        for (var i = 0; i < 20; i++)
        {
            world.Run(steps: 50);
            var quiet = world.Enqueue("quiet");
            var waited = world.RunUntilAdmitted(quiet);

            // The next place that becomes free is its own: a running answer ends within its length.
            Assert.True(waited <= LongestAnswer + 1, $"It waited {waited} steps behind {world.WaitingCount} requests of another adapter.");
        }

        Assert.True(world.WaitingCount > 100, "The busy adapter must have a queue all the time, or nothing is tested.");
    }

    [Fact]
    public void RandomTrafficOfManyAdapters_NobodyWaitsLongerThanTheBound() => Gen.Int[2, 6].Select(Gen.Int[0, 100_000]).Sample((adapters, seed) =>
    {
        var world = new World(seed);
        for (var step = 0; step < 1500; step++)
        {
            // One floods; the others come now and then, with one request at a time.
            world.EnqueueUpTo("busy", 20);
            for (var adapter = 1; adapter < adapters; adapter++)
            {
                if (world.Random.Next(60) == 0 && world.WaitingOf($"quiet-{adapter}") == 0)
                {
                    world.Enqueue($"quiet-{adapter}");
                }
            }

            world.Step();
            Assert.True(
                world.LongestWaitBesides("busy") <= adapters * (LongestAnswer + 1),
                $"A request waited {world.LongestWaitBesides("busy")} steps beside {adapters} adapters.");
        }
    }, iter: 60);

    [Fact]
    public void AdaptersThatAlwaysWait_AreGivenTheSame_WhateverTheirRequestsLookLike() => Gen.Int[0, 100_000].Sample(seed =>
    {
        var world = new World(seed);
        world.EnqueueUpTo("short", 30, prompt: 5, answer: 3);
        world.EnqueueUpTo("long", 30, prompt: LongestPrompt, answer: LongestAnswer);
        for (var step = 0; step < 2000; step++)
        {
            world.EnqueueUpTo("short", 30, prompt: 5, answer: 3);
            world.EnqueueUpTo("long", 30, prompt: LongestPrompt, answer: LongestAnswer);
            world.Step();

            // arXiv:2401.00588, theorem 4.4: twice what fits into the engine at once, in virtual tokens.
            const int Bound = 2 * Slots * ((LongestPrompt * AdapterFairness.PromptTokenPrice) + (LongestAnswer * AdapterFairness.AnswerTokenPrice));
            Assert.InRange(Math.Abs(world.ServedTo("short") - world.ServedTo("long")), 0, Bound);
        }
    }, iter: 20);

    [Fact]
    public void PauseSavesNothingUp()
    {
        var world = new World(seed: 3);
        world.EnqueueUpTo("steady", 400);
        world.Run(steps: 500);
        world.EnqueueUpTo("back", 400);
        var (steady, back) = (world.ServedTo("steady"), world.ServedTo("back"));
        world.Run(steps: 300);
        var ratio = (world.ServedTo("back") - back) / (double)(world.ServedTo("steady") - steady);
        Assert.InRange(ratio, 0.7, 1.4);
    }

    [Fact]
    public void WithinAnAdapter_FirstComeFirstServed() => Gen.Int[0, 100_000].Sample(seed =>
    {
        var world = new World(seed);
        for (var step = 0; step < 200; step++)
        {
            world.EnqueueUpTo("a", 12);
            world.EnqueueUpTo("b", 3);
            world.Step();
        }

        foreach (var admitted in world.Admitted.GroupBy(sequence => sequence.Adapter!.Version.Digest))
        {
            Assert.Equal(admitted.Select(sequence => sequence.Number).Order(), admitted.Select(sequence => sequence.Number));
        }
    }, iter: 20);

    private sealed class World
    {
        private readonly Dictionary<string, LoraAdapter> _adapters = [];
        private readonly Dictionary<string, long> _served = [];
        private readonly List<(Sequence Sequence, int Since)> _waiting = [];
        private readonly Scheduler _scheduler;
        private readonly StepPlan _plan = new();
        private int _step;

        public World(int seed)
        {
            Random = new Random(seed);
            var index = new PrefixIndex();
            var limits = new SchedulerLimits(MaxBatchTokens: 64, MaxRunningSequences: Slots, PrefixCache: false);
            _scheduler = new Scheduler(limits, new BlockPool(200, index), index, new StateStore([], 0), _ => 0);
        }

        public Random Random { get; }

        public int WaitingCount => _scheduler.WaitingCount;

        public List<Sequence> Admitted { get; } = [];

        public int WaitingOf(string adapter) => _waiting.Count(entry => entry.Sequence.Adapter == _adapters.GetValueOrDefault(adapter));

        public long ServedTo(string adapter) => _served.GetValueOrDefault(adapter);

        public int LongestWaitBesides(string adapter) =>
            _waiting.Where(entry => entry.Sequence.Adapter != _adapters[adapter]).Select(entry => _step - entry.Since).DefaultIfEmpty().Max();

        public void EnqueueUpTo(string adapter, int count, int prompt = 0, int answer = 0)
        {
            while (WaitingOf(adapter) < count)
            {
                Enqueue(adapter, prompt, answer);
            }
        }

        public Sequence Enqueue(string adapter, int prompt = 0, int answer = 0)
        {
            prompt = prompt > 0 ? prompt : Random.Next(1, LongestPrompt + 1);
            answer = answer > 0 ? answer : Random.Next(1, LongestAnswer + 1);
            if (!_adapters.TryGetValue(adapter, out var lora))
            {
                Assert.True(AdapterDigest.TryParse($"sha256:{_adapters.Count + 1:x64}", out var digest));
                _adapters[adapter] = lora = new LoraAdapter(new AdapterVersion(digest, "LoRA", 1, 1, [], 0, "F32", 0, 0, null), []);
            }

            var request = new GenerationRequest { PromptTokens = new int[prompt], MaxTokens = answer };
            var sequence = new Sequence(request, lora, seed: 1, endOfSequence: [], contextLength: 4096);
            _waiting.Add((sequence, _step));
            _scheduler.Enqueue(sequence);
            return sequence;
        }

        public void Run(int steps)
        {
            for (var i = 0; i < steps; i++)
            {
                Step();
            }
        }

        public int RunUntilAdmitted(Sequence sequence)
        {
            var start = _step;
            while (!sequence.IsAdmitted)
            {
                Step();
            }

            return _step - start;
        }

        public void Step()
        {
            _step++;
            _scheduler.Plan(_plan);
            foreach (var (sequence, count, _) in _plan.Entries)
            {
                if (_waiting.RemoveAll(entry => entry.Sequence == sequence) > 0)
                {
                    Admitted.Add(sequence);
                    Give(sequence, sequence.PromptCount * AdapterFairness.PromptTokenPrice);
                }

                Give(sequence, count == sequence.PendingCount ? AdapterFairness.AnswerTokenPrice : 0);
            }

            _scheduler.Apply(_plan.Entries);
            foreach (var (sequence, _, _) in _plan.Entries)
            {
                if (sequence.PendingCount == 0 && sequence.Append(1) != FinishReason.None)
                {
                    _scheduler.Finish(sequence);
                }
            }
        }

        private void Give(Sequence sequence, long tokens)
        {
            var name = _adapters.First(entry => entry.Value == sequence.Adapter).Key;
            _served[name] = ServedTo(name) + tokens;
        }
    }
}
