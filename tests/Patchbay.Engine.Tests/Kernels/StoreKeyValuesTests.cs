using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;

namespace Patchbay.Engine.Tests.Kernels;

public sealed class StoreKeyValuesTests
{
    private const int Heads = 2;
    private const int KeyDim = 20;
    private const int ValueDim = 12;

    [Theory]
    [InlineData(KvFormat.F32, 0)]
    [InlineData(KvFormat.BF16, 1 / 256.0)]
    [InlineData(KvFormat.Q8, 0.5 / 127)]
    public void StoredVectors_AreAsNearAsTheFormatAllows(KvFormat format, double tolerance)
    {
        using var pool = new WorkerPool(2);
        using var store = new KvStore([new KvShape(3, 8, 8), new KvShape(Heads, KeyDim, ValueDim)], 3, format);
        using var k = KernelTests.RandomMatrix(20, Heads * KeyDim, seed: 1, out var keys);
        using var v = KernelTests.RandomMatrix(20, Heads * ValueDim, seed: 2, out var values);
        using var table = new Tensors.NativeBuffer(2 * sizeof(int));
        new[] { 2, 0 }.CopyTo(table.AsSpan<int>());
        unsafe
        {
            var rows = new PagedRows(3, 17, 9, (nint)table.Data);
            store.Write(pool, 1, rows, keys, values);
            var layer = store.Layer(1);
            for (var row = 0; row < rows.RowCount; row++)
            {
                var (block, token) = rows.Locate(9 + row);
                for (var head = 0; head < Heads; head++)
                {
                    var key = keys.RowSpan(3 + row).Slice(head * KeyDim, KeyDim);
                    var largest = key.ToArray().Max(MathF.Abs);
                    for (var d = 0; d < KeyDim; d++)
                    {
                        Assert.Equal(key[d], layer.Key(block, head, token, d), (tolerance * largest) + 1e-9);
                    }

                    var value = values.RowSpan(3 + row).Slice(head * ValueDim, ValueDim);
                    largest = value.ToArray().Max(MathF.Abs);
                    for (var d = 0; d < ValueDim; d++)
                    {
                        Assert.Equal(value[d], layer.Value(block, head, token, d), (tolerance * largest) + 1e-9);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(KvFormat.F32)]
    [InlineData(KvFormat.BF16)]
    [InlineData(KvFormat.Q8)]
    public void WhatIsNotANumber_StaysNone_AndZeroStaysZero(KvFormat format)
    {
        using var pool = new WorkerPool(1);
        using var store = new KvStore([new KvShape(1, 4, 4)], 1, format);
        using var k = KernelTests.RandomMatrix(2, 4, seed: 1, out var keys);
        using var table = new Tensors.NativeBuffer(sizeof(int));
        keys.RowSpan(0)[1] = BitConverter.UInt32BitsToSingle(0x7fff_ffff);
        keys.RowSpan(1).Clear();
        unsafe
        {
            store.Write(pool, 0, new PagedRows(0, 2, 0, (nint)table.Data), keys, keys);
        }

        Assert.True(float.IsNaN(store.Layer(0).Key(0, 0, 0, 1)));
        Assert.Equal(0, store.Layer(0).Value(0, 0, 1, 2));
    }

    [Fact]
    public void ToBFloat16_RoundsToTheNearest_OfTwoToTheEven()
    {
        Assert.Equal(0x3f80, StoreKeyValues.ToBFloat16(1));
        Assert.Equal(0x3f80, StoreKeyValues.ToBFloat16(1 + (1 / 256f)));
        Assert.Equal(0x3f82, StoreKeyValues.ToBFloat16(1 + (3 / 256f)));
        Assert.Equal(0xbf81, StoreKeyValues.ToBFloat16(-1 - (1.01f / 256)));
        Assert.Equal(0x7f80, StoreKeyValues.ToBFloat16(float.PositiveInfinity));
    }
}
