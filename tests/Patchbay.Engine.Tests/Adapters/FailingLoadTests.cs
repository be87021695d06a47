using System.Runtime.InteropServices;
using Patchbay.Engine.Adapters;
using Patchbay.Engine.Models;
using Patchbay.Engine.Tensors;
using Patchbay.Engine.Tests.Golden;

namespace Patchbay.Engine.Tests.Adapters;

/// <summary>Every read and every allocation of a load fails once: a clear refusal, nothing left, and the next load works.</summary>
[Collection(nameof(RunsAlone))]
public sealed class FailingLoadTests
{
    public static TheoryData<string> Kinds => [.. PeftGoldenTests.Options.Select(row => row.Data)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void KthReadFails_Read_IsRefusedAndLeavesNothing(string option)
    {
        var (path, model) = Open(option);
        using (model)
        {
            var modules = model.Model.Modules;
            var before = NativeBuffer.LiveBytes;
            for (var k = 1; ; k++)
            {
                var files = new FaultyFiles { FailAt = k };
                if (k > CountReads(path, modules))
                {
                    break;
                }

                var refusal = Assert.Throws<AdapterRefusedException>(() => LoraAdapterReader.Read(path, modules, files.Open, default));
                Assert.Equal("A file of the adapter cannot be read.", refusal.Message);
                Assert.Equal(0, files.OpenStreams);
                Assert.Equal(before, NativeBuffer.LiveBytes);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void KthAllocationFails_Read_ThrowsAndLeavesNothing(string option)
    {
        var (path, model) = Open(option);
        using (model)
        {
            var modules = model.Model.Modules;
            var before = NativeBuffer.LiveBytes;
            var all = Allocations(0, () => LoraAdapterReader.Read(path, modules).Dispose());
            Assert.True(all > 2);
            for (var k = 1; k <= all; k++)
            {
                var files = new FaultyFiles();
                Allocations(k, () => Assert.Throws<OutOfMemoryException>(() => LoraAdapterReader.Read(path, modules, files.Open, default)));
                Assert.Equal(0, files.OpenStreams);
                Assert.True(before == NativeBuffer.LiveBytes, $"Allocation {k} of {all}: {NativeBuffer.LiveBytes - before} bytes stayed.");
                LoraAdapterReader.Read(path, modules).Dispose();
            }

            Assert.Equal(before, NativeBuffer.LiveBytes);
        }
    }

    [Fact]
    public async Task KthAllocationFails_EngineLoad_OldVersionServesAndTheNewOneLoadsLater()
    {
        const string Option = "dora";
        var golden = GoldenCase.Read(Path.Combine(Fixtures.Own, "peft", Option))[0];
        await using var engine = await InferenceEngine.OpenAsync(
            new EngineOptions { Weights = WeightFormat.Native, ModelPath = Path.Combine(Fixtures.Own, golden.Base), ContextLength = 512 });
        var old = await engine.LoadAdapterAsync(PathOf("rank_one"));
        var expected = await GoldenAnswer.ComputeAsync(engine, golden, old.Digest);
        var before = NativeBuffer.LiveBytes;
        var failures = 0;
        for (var k = 1; ; k++, failures++)
        {
            AdapterVersion? loaded = null;
            var seen = await AllocationsAsync(k, async () => loaded = await engine.LoadAdapterAsync(PathOf(Option)));
            if (seen < k)
            {
                Assert.True(engine.RetireAdapter(loaded!.Digest));
                break;
            }

            Assert.Null(loaded);
            Assert.Equal([old], engine.Adapters);
            Assert.Equal(before, NativeBuffer.LiveBytes);
            Assert.Equal(expected.Greedy, (await GoldenAnswer.ComputeAsync(engine, golden, old.Digest)).Greedy);
        }

        Assert.True(failures > 2);
        Assert.Equal(before, NativeBuffer.LiveBytes);
        engine.CheckIntegrity();
    }

    private static (string Path, LoadedModel Model) Open(string option)
    {
        var golden = GoldenCase.Read(Path.Combine(Fixtures.Own, "peft", option))[0];
        return (PathOf(option), LoadedModel.Open(Path.Combine(Fixtures.Own, golden.Base)));
    }

    private static string PathOf(string option) => Path.Combine(Fixtures.Own, "peft", option, "adapter");

    private static int CountReads(string path, ModuleTable modules)
    {
        var files = new FaultyFiles();
        LoraAdapterReader.Read(path, modules, files.Open, default).Dispose();
        Assert.Equal(0, files.OpenStreams);
        return files.Steps;
    }

    /// <summary>Lets the kth allocation of an action fail; how many it asked for.</summary>
    private static int Allocations(int failAt, Action action)
    {
        var count = 0;
        NativeBuffer.Allocating.Value = _ => Step(ref count, failAt);
        try
        {
            action();
        }
        finally
        {
            NativeBuffer.Allocating.Value = null;
        }

        return count;
    }

    private static async Task<int> AllocationsAsync(int failAt, Func<Task> action)
    {
        var count = 0;
        NativeBuffer.Allocating.Value = _ => Step(ref count, failAt);
        try
        {
            await action();
        }
        catch (OutOfMemoryException)
        {
            // What was asked for.
        }
        finally
        {
            NativeBuffer.Allocating.Value = null;
        }

        return count;
    }

    private static unsafe void Step(ref int count, int failAt)
    {
        if (Interlocked.Increment(ref count) == failAt)
        {
            // The runtime's own exception: nobody has that much.
            NativeMemory.Free(NativeMemory.Alloc(nuint.MaxValue / 2));
        }
    }
}
