using CsCheck;
using Patchbay.Engine.KvCache;

namespace Patchbay.Engine.Tests.KvCache;

public sealed class BlockPoolTests
{
    private static readonly int[] s_tokens = [.. Enumerable.Range(0, 16)];

    [Fact]
    public void WhenAllBlocksAreUsed_TryAllocate_ReturnsFalse()
    {
        var pool = new BlockPool(2, new PrefixIndex());
        Assert.True(pool.TryAllocate(out _));
        Assert.True(pool.TryAllocate(out _));
        Assert.False(pool.TryAllocate(out _));
        Assert.Equal(2, pool.UsedCount);
    }

    [Fact]
    public void WhenCachedBlocksAreNeeded_TheLeastRecentlyUsedGoesFirst()
    {
        var index = new PrefixIndex();
        var pool = new BlockPool(3, index);
        var blocks = new int[3];
        for (var i = 0; i < 3; i++)
        {
            pool.TryAllocate(out blocks[i]);
            index.Add(index.Root(new CacheRoot($"v{i}", null)), s_tokens, blocks[i]);
        }

        pool.Release(blocks[1]);
        pool.Release(blocks[0]);
        pool.Release(blocks[2]);
        pool.Share(blocks[1]);
        pool.Release(blocks[1]);
        Assert.True(pool.TryAllocate(out var evicted));
        Assert.Equal(blocks[0], evicted);
        Assert.False(index.TryFind(index.Root(new CacheRoot("v0", null)), s_tokens, out _, out _));
        Assert.True(index.TryFind(index.Root(new CacheRoot("v1", null)), s_tokens, out _, out _));
        pool.CheckIntegrity();
    }

    [Fact]
    public void RandomOperations_KeepEveryBlockInOneState() =>
        Gen.Int[0, 3].Array[0, 300].Sample(operations =>
        {
            var index = new PrefixIndex();
            var pool = new BlockPool(7, index);
            var tables = new List<BlockTable>();
            var node = index.Root(new CacheRoot(null, null));
            var random = new Random(operations.Length);
            foreach (var operation in operations)
            {
                switch (operation)
                {
                    case 0:
                        tables.Add(new BlockTable(pool));
                        break;
                    case 1 when tables.Count > 0:
                        tables[random.Next(tables.Count)].TryGrow(random.Next(1, 80));
                        break;
                    case 2 when tables.Count > 0 && tables[^1].Count > 0:
                        node = index.Add(node, s_tokens, tables[^1][tables[^1].Count - 1]);
                        break;
                    case 3 when tables.Count > 0:
                        tables[0].Release();
                        tables.RemoveAt(0);
                        break;
                }

                pool.CheckIntegrity();
            }

            tables.ForEach(table => table.Release());
            pool.CheckIntegrity();
            Assert.Equal(0, pool.UsedCount);
        });
}
