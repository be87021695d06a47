using CsCheck;
using Patchbay.Engine.KvCache;

namespace Patchbay.Engine.Tests.KvCache;

public sealed class BlockListTests
{
    [Fact]
    public void AnyOperations_KeepTheOrderOfAList() => Gen.Int[0, 9].Array[0, 60].Sample(operations =>
    {
        var list = new BlockList(10);
        var expected = new List<int>();
        foreach (var block in operations)
        {
            if (expected.Remove(block))
            {
                list.Remove(block);
            }
            else
            {
                list.AddLast(block);
                expected.Add(block);
            }

            Assert.Equal(expected.Count, list.Count);
            Assert.Equal(expected.Count == 0 ? -1 : expected[0], list.First);
            Assert.Equal(expected.Order(), list.ToSet().Order());
        }

        while (list.First >= 0)
        {
            Assert.Equal(expected[0], list.First);
            expected.RemoveAt(0);
            list.Remove(list.First);
        }

        Assert.Empty(expected);
    });

    [Fact]
    public void BlockTwice_OrNotThere_Throws()
    {
        var list = new BlockList(2);
        list.AddLast(1);
        Assert.Throws<InvalidOperationException>(() => list.AddLast(1));
        Assert.Throws<InvalidOperationException>(() => list.Remove(0));
    }
}
