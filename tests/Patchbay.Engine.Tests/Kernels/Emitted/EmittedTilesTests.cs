using System.Globalization;
using Patchbay.Engine.Kernels.Emitted;
using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Tests.Kernels.Emitted;

/// <summary>When emitted code is used. That it gives the right bits is checked with the other paths.</summary>
public sealed class EmittedTilesTests
{
    [Fact]
    public void State_SaysWhyTheyAreUsedOrNot()
    {
        Assert.NotEmpty(EmittedTiles.State);
        Assert.Equal(EmittedTiles.IsAvailable, EmittedTiles.State == "AVX512-VNNI");
        Assert.Equal(EmittedTiles.IsAvailable, PackedPaths.Supported.Contains(PackedPath.Emitted));
    }

    [Fact]
    public void ExecutableMemory_IsNeverWritable()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        Assert.SkipUnless(EmittedTiles.IsAvailable, EmittedTiles.State);
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
