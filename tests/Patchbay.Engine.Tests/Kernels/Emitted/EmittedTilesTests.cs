using System.Globalization;
using System.Runtime.Intrinsics.X86;
using Patchbay.Engine.Kernels.Emitted;
using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Tests.Kernels.Emitted;

/// <summary>When emitted code is used. That it gives the right bits is checked with the other paths.</summary>
public sealed class EmittedTilesTests
{
    [Fact]
    public void State_SaysWhyTheyAreUsedOrNot()
    {
        foreach (var (tiles, name, path) in new[] { (EmittedTiles.Vnni512, "AVX512-VNNI", PackedPath.Emitted512), (EmittedTiles.Avx2, "AVX2", PackedPath.Emitted256) })
        {
            Assert.NotEmpty(tiles.State);
            Assert.Equal(tiles.IsAvailable, tiles.State == name);
            Assert.Equal(tiles.IsAvailable, PackedPaths.Supported.Contains(path));
            Assert.DoesNotContain("differ", tiles.State, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ProcessorsWithAvx2_HaveThem()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Avx2.IsSupported && Environment.GetEnvironmentVariable(EmittedTiles.RefuseVariable) != "1", "needs Linux, AVX2 and leave");
        Assert.True(EmittedTiles.Avx2.IsAvailable, EmittedTiles.Avx2.State);
    }

    [Fact]
    public void ExecutableMemory_IsNeverWritable()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        Assert.SkipUnless(EmittedTiles.Best.IsAvailable, EmittedTiles.Best.State);
        var assembler = new EvexAssembler();
        assembler.Return();
        var address = ExecutableMemory.TryCreate(assembler.Code);
        var line = File.ReadLines("/proc/self/maps").Single(map => Holds(map, address));
        Assert.Contains(" r-xp ", line, StringComparison.Ordinal);
    }

    // from-to rights …, where neighbours with the same rights are one line.
    private static bool Holds(string map, nint address)
    {
        var range = map.Split(' ')[0].Split('-');
        return ulong.Parse(range[0], NumberStyles.HexNumber, null) <= (ulong)address && (ulong)address < ulong.Parse(range[1], NumberStyles.HexNumber, null);
    }
}
