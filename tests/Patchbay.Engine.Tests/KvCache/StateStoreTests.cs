using Patchbay.Engine.KvCache;

namespace Patchbay.Engine.Tests.KvCache;

public sealed unsafe class StateStoreTests
{
    [Fact]
    public void SlotTakenAgain_IsEmpty()
    {
        using var store = new StateStore([5, 3], 2);
        Assert.True(store.TryTake(out var slot));
        for (var layer = 0; layer < 2; layer++)
        {
            store.Layer(layer).Of(slot)[2] = 7;
        }

        store.Release(slot);
        Assert.True(store.TryTake(out var again));
        Assert.Equal(slot, again);
        Assert.Equal(0, store.Layer(0).Of(again)[2]);
        Assert.Equal(0, store.Layer(1).Of(again)[2]);
    }

    [Fact]
    public void Layers_OfAllSlots_DoNotOverlap()
    {
        using var store = new StateStore([17, 1], 3);
        var addresses = new List<(nint First, nint Last)>();
        for (var slot = 0; slot < 3; slot++)
        {
            addresses.Add(((nint)store.Layer(0).Of(slot), (nint)(store.Layer(0).Of(slot) + 16)));
            addresses.Add(((nint)store.Layer(1).Of(slot), (nint)store.Layer(1).Of(slot)));
        }

        addresses.Sort();
        for (var i = 1; i < addresses.Count; i++)
        {
            Assert.True(addresses[i - 1].Last < addresses[i].First);
        }
    }

    [Fact]
    public void WhenAllAreTaken_TryTake_ReturnsFalse()
    {
        using var store = new StateStore([4], 1);
        Assert.True(store.TryTake(out var slot));
        Assert.False(store.TryTake(out var none));
        Assert.Equal(-1, none);
        Assert.Throws<InvalidOperationException>(store.CheckIntegrity);
        store.Release(slot);
        store.CheckIntegrity();
    }

    [Fact]
    public void ModelWithoutRecurrentLayers_UsesNoMemory()
    {
        using var store = new StateStore([], 128);
        Assert.False(store.IsUsed);
        Assert.Equal(0, store.SlotValues);
    }
}
