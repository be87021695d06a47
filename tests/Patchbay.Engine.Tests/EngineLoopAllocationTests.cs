using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Layers;
using Patchbay.Engine.Models;
using Patchbay.Engine.Scheduling;

namespace Patchbay.Engine.Tests;

/// <summary>In steady state a step of the loop allocates nothing: planning, forward pass, sampling and publishing.</summary>
public sealed class EngineLoopAllocationTests
{
    private const int Sequences = 8;
    private const int WarmSteps = 60;
    private const int MeasuredSteps = 300;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DecodeStepsOfMixedAdapters_AllocateNothing(bool promptLookup)
    {
        var demo = Path.Combine(Fixtures.Repository, "demo");
        using var loaded = LoadedModel.Open(Path.Combine(demo, "base"));
        var model = loaded.Model;
        var adapters = new[] { "medical", "finance", "pirate" }.Select(name => LoraAdapterReader.Read(Path.Combine(demo, "adapters", name), model.Modules)).ToArray();
        using var workers = new WorkerPool(2);
        using var kv = new KvStore(model.KvShapes, 2000);
        using var states = new StateStore(model.StateShapes, Sequences);
        using var batch = new ForwardBatch(workers, kv, states);
        var index = new PrefixIndex(2000);
        var limits = new SchedulerLimits(MaxBatchTokens: 512, MaxRunningSequences: 64, PrefixCache: true, promptLookup);
        var scheduler = new Scheduler(limits, new BlockPool(2000, index), index, states, model.RotaryLengthFor);
        using var loop = new EngineLoop(model, scheduler, batch);
        var sequences = Enumerable.Range(0, Sequences).Select(i => NewSequence(i, i % 4 == 3 ? null : adapters[i % 4])).ToArray();
        foreach (var sequence in sequences)
        {
            loop.Submit(sequence);
        }

        for (var step = 0; step < WarmSteps; step++)
        {
            Step(loop, sequences);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var tokens = loop.GeneratedTokenCount;
        for (var step = 0; step < MeasuredSteps; step++)
        {
            Step(loop, sequences);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(loop.GeneratedTokenCount - tokens >= Sequences * MeasuredSteps);
        Assert.True(allocated == 0, $"{MeasuredSteps} steps allocated {allocated} bytes.");
        scheduler.FinishAll(new OperationCanceledException());
        foreach (var adapter in adapters)
        {
            adapter.Dispose();
        }
    }

    // On the test's own thread, which reads what was published as callers do.
    private static void Step(EngineLoop loop, Sequence[] sequences)
    {
        Assert.True(loop.TryStep());
        foreach (var sequence in sequences)
        {
            while (sequence.Output.TryRead(out _))
            {
            }
        }
    }

    private static Sequence NewSequence(int number, LoraAdapter? adapter)
    {
        var random = new Random(number);
        var request = new GenerationRequest
        {
            PromptTokens = Enumerable.Range(0, 20 + number).Select(_ => random.Next(3, 4000)).ToArray(),
            MaxTokens = 4000,
            IgnoreEndOfSequence = true,
            Sampling = (number % 4) switch
            {
                0 => SamplingOptions.Greedy,
                1 => new SamplingOptions { TopK = 40, TopP = 0.9f },
                2 => new SamplingOptions { TopP = 0.95f, Temperature = 0.7f },
                _ => new SamplingOptions { MinP = 0.05f },
            },
        };
        return new Sequence(request, adapter, (ulong)number, [], contextLength: 5000);
    }
}
