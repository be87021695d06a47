using CsCheck;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Scheduling;

namespace Patchbay.Engine.Tests.Scheduling;

/// <summary>The scheduler with a pretended model: which tokens a step computes, and that everything ends.</summary>
public sealed class SchedulerTests
{
    [Fact]
    public void LongPrompt_IsCutIntoChunks_WhileAnswersGoOn()
    {
        var world = new World(blocks: 100, maxBatchTokens: 8);
        var talking = world.Enqueue(prompt: 3, answer: 50);
        world.Step();
        world.Enqueue(prompt: 40, answer: 5);
        for (var i = 0; i < 5; i++)
        {
            world.Step();
            Assert.Contains(world.Plan.Entries.ToArray(), entry => entry.Sequence == talking && entry.Count == 1);
            Assert.Contains(world.Plan.Entries.ToArray(), entry => entry.Sequence != talking && entry.Count == 7);
        }
    }

    [Fact]
    public void SecondPromptThatBeginsAlike_SharesWholeBlocks_AndComputesItsLastToken()
    {
        var world = new World(blocks: 100, maxBatchTokens: 512);
        world.Enqueue(prompt: 48, answer: 1);
        world.Step();
        var second = world.Enqueue(prompt: 48, answer: 1);
        world.Scheduler.Plan(world.Plan);
        Assert.Equal(32, second.CachedPromptTokens);
        Assert.Equal(16, world.Plan.TokenCount);
    }

    [Fact]
    public void WhenMemoryIsShort_TheOneAdmittedLastGivesWay_AndBothEnd()
    {
        var world = new World(blocks: 5, maxBatchTokens: 64);
        var first = world.Enqueue(prompt: 30, answer: 40);
        var second = world.Enqueue(prompt: 30, answer: 40, firstToken: 500);
        world.RunToEnd();
        Assert.True(world.Scheduler.PreemptionCount > 0);
        Assert.Equal(70, first.Tokens.Count);
        Assert.Equal(70, second.Tokens.Count);
    }

    [Fact]
    public void CancelledSequence_LeavesAtTheNextStep_AndGivesItsBlocksBack()
    {
        var world = new World(blocks: 10, maxBatchTokens: 64);
        var sequence = world.Enqueue(prompt: 40, answer: 40);
        world.Step();
        Assert.Equal(3, world.Pool.UsedCount);
        sequence.Cancel();
        world.Step();
        Assert.Equal(0, world.Pool.UsedCount);
        Assert.False(world.Scheduler.HasWork);
    }

    [Fact]
    public void RandomTraffic_EveryStepFits_EverySequenceEnds_NoBlockIsLost() =>
        Gen.Int[4, 40].Select(Gen.Int[1, 70], Gen.Int[0, 1000].Array[1, 30]).Sample((blocks, maxBatchTokens, arrivals) =>
        {
            var world = new World(blocks, maxBatchTokens);
            var longest = blocks * PagedLayer.BlockTokens;
            foreach (var arrival in arrivals)
            {
                var prompt = Math.Min(1 + (arrival % 60), longest - 2);
                world.Enqueue(prompt, Math.Min(1 + (arrival / 60), longest - prompt), firstToken: arrival % 3 * 100);
                world.Step();
            }

            world.RunToEnd();
        });

    private sealed class World
    {
        private readonly List<(Sequence Sequence, int Length)> _all = [];
        private readonly SchedulerLimits _limits;

        public World(int blocks, int maxBatchTokens)
        {
            var index = new PrefixIndex();
            Pool = new BlockPool(blocks, index);
            _limits = new SchedulerLimits(maxBatchTokens, MaxRunningSequences: 16, PrefixCache: true);
            Scheduler = new Scheduler(_limits, Pool, index, new StateStore([], 0), _ => 0);
        }

        public BlockPool Pool { get; }

        public Scheduler Scheduler { get; }

        public StepPlan Plan { get; } = new();

        public Sequence Enqueue(int prompt, int answer, int firstToken = 0)
        {
            var request = new GenerationRequest { PromptTokens = Enumerable.Range(firstToken, prompt).ToArray(), MaxTokens = answer };
            var sequence = new Sequence(request, adapter: null, seed: 1, endOfSequence: [], contextLength: 1 << 20);
            _all.Add((sequence, prompt + answer));
            Scheduler.Enqueue(sequence);
            return sequence;
        }

        public void Step()
        {
            Scheduler.Plan(Plan);
            Assert.True(Plan.TokenCount <= _limits.MaxBatchTokens);
            Assert.Equal(Plan.TokenCount, Plan.Entries.ToArray().Sum(entry => entry.Count));
            Assert.Equal(Plan.Entries.Length, Plan.Entries.ToArray().Select(entry => entry.Sequence).Distinct().Count());
            Assert.All(Plan.Entries.ToArray(), entry => Assert.True(entry.Sequence.Blocks!.Count * PagedLayer.BlockTokens >= entry.Sequence.ComputedCount + entry.Count));
            Scheduler.Apply(Plan.Entries);
            foreach (var (sequence, _, _) in Plan.Entries)
            {
                Assert.True(sequence.PendingCount >= 0);
                if (sequence.PendingCount == 0 && sequence.Append(sequence.Tokens.Count) != FinishReason.None)
                {
                    Scheduler.Finish(sequence);
                }
            }

            Pool.CheckIntegrity();
        }

        public void RunToEnd()
        {
            for (var steps = 0; Scheduler.HasWork; steps++)
            {
                Assert.True(steps < 20_000, "The scheduler does not come to an end.");
                Step();
            }

            Assert.All(_all, entry => Assert.Equal(entry.Length, entry.Sequence.Tokens.Count));
            Assert.Equal(0, Pool.UsedCount);
        }
    }
}
