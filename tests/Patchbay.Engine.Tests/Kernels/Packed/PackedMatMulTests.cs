using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels.Packed;

/// <summary>Packed products on every path that this processor has: all give the bits of the scalar one.</summary>
public sealed unsafe class PackedMatMulTests
{
    public static TheoryData<string, string> PathsAndEncodings
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var path in PackedPaths.Supported)
            {
                foreach (var encoding in Enum.GetNames<PackedEncoding>())
                {
                    data.Add(path.ToString(), encoding);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndEncodings))]
    public void EveryPath_GivesTheBitsOfTheScalarPath(string path, string encoding)
    {
        // Outputs that do and do not fill a panel, rows that do and do not fill a tile, odd numbers of groups, many tasks.
        foreach (var (rows, columns, m) in new[] { (16, 32, 1), (33, 96, 5), (7, 64, 8), (100, 320, 19), (640, 1504, 3), (48, 4864, 70) })
        {
            using var weight = RandomPacked(Enum.Parse<PackedEncoding>(encoding), rows, WholeBlocks(encoding, columns));
            using var x = RandomMatrix(m, weight.Columns, out var xs);
            var expected = Multiply(PackedPath.Scalar, threads: 1, weight, xs);
            Assert.Equal(expected, Multiply(Enum.Parse<PackedPath>(path), threads: 2, weight, xs));
            Assert.True(expected.Count(bits => bits != 0) > expected.Length / 2);
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndEncodings))]
    public void RowsAreTheSameBits_HoweverManyAreComputedTogether(string path, string encoding)
    {
        using var weight = RandomPacked(Enum.Parse<PackedEncoding>(encoding), 75, WholeBlocks(encoding, 160));
        using var x = RandomMatrix(41, weight.Columns, out var xs);
        var together = Multiply(Enum.Parse<PackedPath>(path), threads: 2, weight, xs);
        for (var first = 0; first < xs.Rows; first += 3)
        {
            var count = Math.Min((first % 5) + 1, xs.Rows - first);
            var some = Multiply(Enum.Parse<PackedPath>(path), threads: 1, weight, xs.Slice(first, count));
            Assert.Equal(together.AsSpan(first * weight.Rows, count * weight.Rows).ToArray(), some);
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndEncodings))]
    public void WholeActivations_GiveTheExactProduct(string path, string encoding)
    {
        // Whole numbers up to 127, with 127 in every group, quantise to themselves: what is left is float32 rounding per group.
        var random = new Random(4);
        var columns = WholeBlocks(encoding, 224);
        using var stored = RandomStored(Enum.Parse<PackedEncoding>(encoding), 40, columns);
        using var weight = WeightPacker.Pack(stored, Enum.Parse<PackedEncoding>(encoding))!;
        using var x = NativeBuffer.Of<float>(9 * columns);
        for (var i = 0; i < 9 * columns; i++)
        {
            x.Floats[i] = i % 16 == 5 ? 127 : random.Next(-127, 128);
        }

        var xs = new Matrix(x.Floats, 9, columns);
        using var expected = NativeBuffer.Of<float>(9 * 40);
        MatMul.RunReference(stored, xs, new Matrix(expected.Floats, 9, 40));
        var found = Multiply(Enum.Parse<PackedPath>(path), threads: 2, weight, xs);
        for (var i = 0; i < found.Length; i++)
        {
            Assert.Equal(expected.Floats[i], BitConverter.Int32BitsToSingle(found[i]), 2e-3f);
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndEncodings))]
    public void LargestCodesAndActivations_StayWhatTheyAre(string path, string encoding)
    {
        // Sums of 16 bits are filled as far as they can be, with both signs.
        using var weight = RandomPacked(Enum.Parse<PackedEncoding>(encoding), 16, 256);
        new Span<byte>(weight.Data, (int)weight.Encoding.CodeBytes(256)).Fill(0xff);
        foreach (var value in new[] { 127f, -127f })
        {
            using var x = NativeBuffer.Of<float>(5 * 256);
            x.AsSpan<float>().Fill(value);
            var xs = new Matrix(x.Floats, 5, 256);
            Assert.Equal(Multiply(PackedPath.Scalar, threads: 1, weight, xs), Multiply(Enum.Parse<PackedPath>(path), threads: 1, weight, xs));
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndEncodings))]
    public void ValuesThatAreNotFinite_SpoilTheirRowOnly(string path, string encoding)
    {
        using var weight = RandomPacked(Enum.Parse<PackedEncoding>(encoding), 20, WholeBlocks(encoding, 96));
        using var x = RandomMatrix(12, weight.Columns, out var xs);
        var before = Multiply(Enum.Parse<PackedPath>(path), threads: 1, weight, xs);
        xs.Row(3)[40] = float.NaN;
        xs.Row(5)[weight.Columns - 1] = float.NegativeInfinity;
        var after = Multiply(Enum.Parse<PackedPath>(path), threads: 1, weight, xs);
        for (var i = 0; i < after.Length; i++)
        {
            if (i / weight.Rows is 3 or 5)
            {
                Assert.True(float.IsNaN(BitConverter.Int32BitsToSingle(after[i])), $"result {i}");
            }
            else
            {
                Assert.Equal(before[i], after[i]);
            }
        }
    }

    [Fact]
    public void NarrowerWidth_HasANarrowerPath()
    {
        Assert.SkipUnless(Simd.Path == SimdPath.V512, "needs 512-bit vectors");
        Assert.Equal(PackedPath.Scalar, PackedPaths.For(SimdPath.Scalar));
        Assert.Contains(PackedPaths.For(SimdPath.V128), new[] { PackedPath.V128, PackedPath.Scalar });
        Assert.DoesNotContain(PackedPaths.For(SimdPath.V256), new[] { PackedPath.Emitted512, PackedPath.V512 });
        Assert.Equal(PackedPaths.Supported[0], PackedPaths.For(SimdPath.V512));
    }

    private static int[] Multiply(PackedPath path, int threads, PackedMatrix weight, Matrix x)
    {
        using var pool = new WorkerPool(threads);
        using var y = NativeBuffer.Of<float>(x.Rows * weight.Rows);
        PackedMatMul.Run(pool, path, weight, x, new Matrix(y.Floats, x.Rows, weight.Rows));
        return y.AsSpan<int>().ToArray();
    }

    private static NativeBuffer RandomMatrix(int rows, int columns, out Matrix matrix)
    {
        var buffer = NativeBuffer.Of<float>((long)rows * columns);
        var random = new Random(rows);
        foreach (ref var value in buffer.AsSpan<float>())
        {
            value = (random.NextSingle() - 0.5f) * (random.Next(20) == 0 ? 60 : 2);
        }

        if (rows > 1)
        {
            // A group of zeros, and one of values that count as zero.
            buffer.AsSpan<float>()[..32].Clear();
            buffer.AsSpan<float>()[^32..].Fill(1e-33f);
        }

        matrix = new Matrix(buffer.Floats, rows, columns);
        return buffer;
    }

    private static PackedMatrix RandomPacked(PackedEncoding encoding, int rows, int columns)
    {
        using var stored = RandomStored(encoding, rows, columns);
        return WeightPacker.Pack(stored, encoding)!;
    }

    /// <summary>Columns of whole blocks: those of Q6_K have 256.</summary>
    internal static int WholeBlocks(string encoding, int columns) => encoding == nameof(PackedEncoding.Q6) ? (columns + 255) & ~255 : columns;

    /// <summary>The GGUF format with the same values, with scales of both signs, subnormal ones among them, and every code.</summary>
    internal static WeightMatrix RandomStored(PackedEncoding encoding, int rows, int columns)
    {
        var type = encoding switch
        {
            PackedEncoding.Q8 => ElementType.Q8_0,
            PackedEncoding.Q4 => ElementType.Q4_0,
            PackedEncoding.Q4Minimum => ElementType.Q4_1,
            PackedEncoding.Q5 => ElementType.Q5_0,
            PackedEncoding.Q5Minimum => ElementType.Q5_1,
            _ => ElementType.Q6K,
        };
        var (values, bytes) = type.Block();
        var buffer = new NativeBuffer((long)rows * columns / values * bytes);
        var random = new Random(rows + columns);
        random.NextBytes(buffer.AsSpan<byte>());
        for (var i = 0; i < buffer.Length / bytes; i++)
        {
            if (type == ElementType.Q6K)
            {
                // Behind the codes; powers of two, whose products with bytes binary16 holds exactly.
                ((Half*)(buffer.Data + ((i + 1) * bytes)))[-1] = (Half)(MathF.ScaleB(random.Next(2) - 0.5f, random.Next(10) == 0 ? -18 : -10));
                continue;
            }

            for (var half = 0; half < (encoding.HasMinimum() ? 2 : 1); half++)
            {
                ((Half*)(buffer.Data + (i * bytes)))[half] = (Half)((random.NextSingle() - 0.4f) * (random.Next(10) == 0 ? 1e-6f : 0.02f));
            }
        }

        return new WeightMatrix(type, rows, columns, buffer.Data, buffer);
    }
}
