using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels.Packed;

/// <summary>What is in a panel, read as its layout is described.</summary>
public sealed unsafe class WeightPackerTests
{
    [Theory]
    [InlineData("Q8")]
    [InlineData("Q4")]
    [InlineData("Q4Minimum")]
    [InlineData("Q5")]
    [InlineData("Q5Minimum")]
    [InlineData("Q6")]
    public void StoredBlocks_KeepTheirExactValues(string encoding)
    {
        foreach (var (rows, least) in new[] { (1, 32), (35, 96), (64, 608) })
        {
            var columns = PackedMatMulTests.WholeBlocks(encoding, least);
            using var stored = PackedMatMulTests.RandomStored(Enum.Parse<PackedEncoding>(encoding), rows, columns);
            using var packed = WeightPacker.Pack(stored, Enum.Parse<PackedEncoding>(encoding))!;
            using var row = NativeBuffer.Of<float>(columns);
            for (var n = 0; n < rows; n++)
            {
                WeightDecoder.DecodeRow(stored, n, row.Floats);
                for (var k = 0; k < columns; k++)
                {
                    Assert.Equal(row.Floats[k], ValueOf(packed, n, k));
                }
            }
        }
    }

    [Theory]
    [InlineData("Q5_0")]
    [InlineData("IQ4NL")]
    public void BlocksWithValuesOfQ8_KeepThemExactly(string type)
    {
        using var stored = RandomBlocks(Enum.Parse<ElementType>(type), 35, 96, scales: 1);
        using var packed = WeightPacker.Pack(stored, PackedEncoding.Q8)!;
        Compare(stored, packed, (group, k, value) => Assert.Equal(group[k], value));
    }

    [Theory]
    [InlineData("Q4K", "Q4Minimum")]
    [InlineData("Q5K", "Q5Minimum")]
    [InlineData("Q3K", "Q6")]
    [InlineData("Q6K", "Q6")]
    public void KQuants_KeepTheirCodes_AndRoundScalesToBinary16(string type, string encoding)
    {
        using var stored = RandomBlocks(Enum.Parse<ElementType>(type), 35, 768, scales: encoding == "Q6" ? 1 : 2, atEnd: encoding == "Q6");
        using var packed = WeightPacker.Pack(stored, Enum.Parse<PackedEncoding>(encoding))!;
        Compare(stored, packed, (group, k, value) =>
        {
            // Scale and minimum each lose at most 2^-11 of themselves; a group spans some scales from its minimum on.
            var span = group.Max() - group.Min() + group.Max(MathF.Abs);
            Assert.InRange(MathF.Abs(value - group[k]), 0, (2 * span / 2048) + 1e-7f);
        });
        var (_, bytes) = stored.Type.Block();
        ((Half*)(encoding == "Q6" ? stored.Row(20) + bytes - sizeof(ushort) : stored.Row(20)))[0] = Half.PositiveInfinity;
        Assert.Null(WeightPacker.Pack(stored, Enum.Parse<PackedEncoding>(encoding)));
    }

    [Fact]
    public void EveryEncoding_TakesTheBytesThatItsCodesAndScalesNeed()
    {
        var bits = Enum.GetValues<PackedEncoding>().ToDictionary(encoding => encoding, encoding => PackedMatrix.ByteLengthOf(encoding, 16, 512) * 8.0 / (16 * 512));
        Assert.Equal([8.5, 4.5, 5, 5.5, 6, 7], bits.Values);
    }

    [Theory]
    [InlineData("F32")]
    [InlineData("BF16")]
    [InlineData("F16")]
    public void Q8OfValues_IsWithinHalfAStep(string type)
    {
        using var stored = RandomValues(Enum.Parse<ElementType>(type), 50, 128);
        using var packed = WeightPacker.Pack(stored, PackedEncoding.Q8)!;
        Compare(stored, packed, (group, k, value) =>
        {
            var largest = group.Max(MathF.Abs);
            // Half a step, and what a binary16 scale rounds away.
            Assert.InRange(MathF.Abs(value - group[k]), 0, (largest / 127 * 0.51f) + 4e-6f);
        });
    }

    [Fact]
    public void Q4OfValues_LeavesNoMoreErrorThanThePlainScale()
    {
        using var stored = RandomValues(ElementType.F32, 64, 128);
        using var packed = WeightPacker.Pack(stored, PackedEncoding.Q4)!;
        var (searched, plain) = (0.0, 0.0);
        Compare(stored, packed, (group, k, value) =>
        {
            // Q4_0 as ggml's reference makes it: the largest weight is −8 steps.
            var scale = group.MaxBy(MathF.Abs) / -8;
            var code = scale == 0 ? 0 : Math.Clamp(MathF.Floor((group[k] / scale) + 0.5f), -8, 7);
            searched += Math.Pow(value - group[k], 2);
            plain += Math.Pow((code * scale) - group[k], 2);
        });
        Assert.InRange(searched, plain / 10, plain * 0.95);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(3e38f)]
    public void WeightsWithoutAFiniteScale_AreNotPacked(float value)
    {
        using var stored = RandomValues(ElementType.F32, 20, 64);
        ((float*)stored.Row(17))[40] = value;
        Assert.Null(WeightPacker.Pack(stored, PackedEncoding.Q8));
        Assert.Null(WeightPacker.Pack(stored, PackedEncoding.Q4));
    }

    [Fact]
    public void RowsOfPartialGroups_CannotBePacked()
    {
        using var narrow = WeightMatrix.Allocate(16, 48);
        using var wide = WeightMatrix.Allocate(16, 64);
        Assert.False(WeightPacker.CanPack(narrow, PackedEncoding.Q8));
        Assert.True(WeightPacker.CanPack(wide, PackedEncoding.Q8));
        Assert.False(WeightPacker.CanPack(wide, PackedEncoding.Q4Minimum));
        Assert.False(WeightPacker.CanPack(wide, PackedEncoding.Q6));
    }

    private static void Compare(WeightMatrix stored, PackedMatrix packed, Action<float[], int, float> check)
    {
        using var row = NativeBuffer.Of<float>(stored.Columns);
        for (var n = 0; n < stored.Rows; n++)
        {
            WeightDecoder.DecodeRow(stored, n, row.Floats);
            for (var k = 0; k < stored.Columns; k++)
            {
                check(new ReadOnlySpan<float>(row.Floats + (k & ~31), 32).ToArray(), k & 31, ValueOf(packed, n, k));
            }
        }
    }

    private static float ValueOf(PackedMatrix packed, int row, int column)
    {
        var panel = packed.Panel(row / 16);
        var (group, within) = (column / packed.Encoding.GroupValues(), column % packed.Encoding.GroupValues());
        var scales = (Half*)(panel + packed.Encoding.CodeBytes(packed.Columns)) + (group * packed.Encoding.ScaleBytes() / 2) + (row % 16);
        if (packed.Encoding.LowBits() is > 0 and var count)
        {
            var upper = ByteAt(within / 8) >> (within / 4 % 2 * 4) & 15;
            var lowest = ByteAt(packed.Encoding.Lines() - 1) >> (within / 4 * count) & ((1 << count) - 1);
            var split = (upper << count) | lowest;
            return packed.Encoding switch
            {
                PackedEncoding.Q5 => (float)scales[0] * (split - 16),
                PackedEncoding.Q5Minimum => ((float)scales[0] * split) + (float)scales[16],
                _ => (float)scales[0] * (split - 32),
            };
        }

        var isByte = packed.Encoding == PackedEncoding.Q8;
        var code = ByteAt(isByte ? within / 4 : within % 16 / 4);
        if (isByte)
        {
            return (float)scales[0] * (code - 128);
        }

        var nibble = within < 16 ? code & 15 : code >> 4;
        return packed.Encoding.HasMinimum() ? ((float)scales[0] * nibble) + (float)scales[16] : (float)scales[0] * (nibble - 8);

        byte ByteAt(int line) => panel[(((group * packed.Encoding.Lines()) + line) * 64) + (row % 16 * 4) + (within % 4)];
    }

    /// <summary>Blocks of random bytes whose first or last binary16 values are small.</summary>
    private static WeightMatrix RandomBlocks(ElementType type, int rows, int columns, int scales, bool atEnd = false)
    {
        var (values, bytes) = type.Block();
        var buffer = new NativeBuffer((long)rows * columns / values * bytes);
        var random = new Random(rows + columns);
        random.NextBytes(buffer.AsSpan<byte>());
        for (var block = buffer.Data; block < buffer.Data + buffer.Length; block += bytes)
        {
            for (var i = 0; i < scales; i++)
            {
                ((Half*)(atEnd ? block + bytes - sizeof(ushort) : block))[i] = (Half)((random.NextSingle() + 0.1f) * 1e-3f);
            }
        }

        return new WeightMatrix(type, rows, columns, buffer.Data, buffer);
    }

    // Groups of ordinary, tiny and zero weights.
    private static WeightMatrix RandomValues(ElementType type, int rows, int columns)
    {
        var random = new Random(rows);
        var size = type.Block().Bytes;
        var buffer = new NativeBuffer((long)rows * columns * size);
        for (var i = 0; i < rows * columns; i++)
        {
            var value = (i / 32 % 9) switch { 0 => 0, 1 => 1e-5f, 2 => 3f, _ => 0.05f } * (random.NextSingle() + random.NextSingle() - 1);
            switch (type)
            {
                case ElementType.F32: ((float*)buffer.Data)[i] = value; break;
                case ElementType.F16: ((Half*)buffer.Data)[i] = (Half)value; break;
                default: ((ushort*)buffer.Data)[i] = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16); break;
            }
        }

        return new WeightMatrix(type, rows, columns, buffer.Data, buffer);
    }
}
