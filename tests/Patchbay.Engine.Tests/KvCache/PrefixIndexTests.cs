using Patchbay.Engine.KvCache;

namespace Patchbay.Engine.Tests.KvCache;

public sealed class PrefixIndexTests
{
    private static readonly int[] s_tokens = [.. Enumerable.Range(100, 16)];

    [Fact]
    public void SameTokensUnderAnotherVersionOrSalt_AreNotFound()
    {
        var index = new PrefixIndex();
        index.Add(index.Root(new CacheRoot("version one", "tenant")), s_tokens, 4);
        Assert.True(index.TryFind(index.Root(new CacheRoot("version one", "tenant")), s_tokens, out var block, out _));
        Assert.Equal(4, block);
        Assert.False(index.TryFind(index.Root(new CacheRoot("version two", "tenant")), s_tokens, out _, out _));
        Assert.False(index.TryFind(index.Root(new CacheRoot("version one", null)), s_tokens, out _, out _));
        Assert.False(index.TryFind(index.Root(new CacheRoot(null, "tenant")), s_tokens, out _, out _));
    }

    [Fact]
    public void WhenAParentWasEvictedAndComputedAnew_ItsOldChildrenAreNotFound()
    {
        var index = new PrefixIndex();
        var root = index.Root(new CacheRoot(null, null));
        var parent = index.Add(root, s_tokens, 0);
        index.Add(parent, s_tokens, 1);
        index.Remove(0);
        var anew = index.Add(root, s_tokens, 2);
        Assert.NotEqual(parent, anew);
        Assert.False(index.TryFind(anew, s_tokens, out _, out _));
    }
}
