using Patchbay.Engine.KvCache;

namespace Patchbay.Engine.Tests.KvCache;

public sealed class BlockTableTests
{
    [Fact]
    public unsafe void TwoCopies_HaveBlocksOfTheirOwnForTheSamePositions()
    {
        var pool = new BlockPool(8, new PrefixIndex());
        var table = new BlockTable(pool, copyCount: 2);
        Assert.True(table.TryGrow(17));
        Assert.True(table.TryGrow(33));
        Assert.Equal(3, table.Count);
        Assert.Equal(6, pool.UsedCount);
        var blocks = stackalloc int[6];
        table.CopyTo(blocks);
        Assert.Equal(6, new ReadOnlySpan<int>(blocks, 6).ToArray().Distinct().Count());
        Assert.Equal(table[2], blocks[2]);
        Assert.False(table.TryGrow(80));
        table.Release();
        Assert.Equal(0, pool.UsedCount);
        pool.CheckIntegrity();
    }
}
