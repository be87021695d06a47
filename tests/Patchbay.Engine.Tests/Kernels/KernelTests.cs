using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels;

/// <summary>Every kernel on every SIMD width that this processor has, against its scalar reference.</summary>
public sealed unsafe class KernelTests
{
    public static TheoryData<string> Paths => [.. Simd.Supported.Select(path => path.ToString())];

    public static TheoryData<string, string> PathsAndEncodings
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var path in Simd.Supported)
            {
                foreach (var type in Enum.GetValues<ElementType>().Where(WeightDecoder.Supports))
                {
                    data.Add(path.ToString(), type.ToString());
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndEncodings))]
    public void MatMul_EqualsTheDefinition(string path, string type)
    {
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        foreach (var (rows, columns, m) in new[] { (1, 256, 1), (7, 512, 3), (70, 256, 9), (33, 256, 130) })
        {
            using var weight = RandomWeight(Enum.Parse<ElementType>(type), rows, columns, seed: rows);
            using var x = RandomMatrix(m, columns, seed: 1, out var xs);
            using var y = RandomMatrix(m, rows, seed: 2, out var ys);
            using var z = RandomMatrix(m, rows, seed: 3, out var zs);
            MatMul.Run(pool, weight, xs, ys);
            MatMul.RunReference(weight, xs, zs);
            AssertClose(zs, ys, 1e-4f);
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndEncodings))]
    public void MatMul_RowsAreTheSameBits_HoweverManyAreComputedTogether(string path, string type)
    {
        using var one = new WorkerPool(1, Enum.Parse<SimdPath>(path));
        using var two = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var weight = RandomWeight(Enum.Parse<ElementType>(type), 45, 256, seed: 5);
        using var x = RandomMatrix(23, 256, seed: 6, out var xs);
        using var y = RandomMatrix(23, 45, seed: 7, out var together);
        using var z = RandomMatrix(23, 45, seed: 8, out var alone);
        MatMul.Run(two, weight, xs, together);
        for (var row = 0; row < 23; row++)
        {
            MatMul.Run(one, weight, xs.Slice(row, 1), alone.Slice(row, 1));
        }

        for (var row = 0; row < 23; row++)
        {
            Assert.True(alone.RowSpan(row).SequenceEqual(together.RowSpan(row)), $"row {row}");
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndEncodings))]
    public void Decode_IsBitEqualToTheFormatsDefinition(string path, string type)
    {
        var element = Enum.Parse<ElementType>(type);
        using var weight = RandomWeight(element, 4, 512, seed: 9);
        using var decoded = NativeBuffer.Of<float>(512);
        var expected = new float[512];
        for (var row = 0; row < 4; row++)
        {
            GgmlDefinition.Decode(element, new ReadOnlySpan<byte>(weight.Row(row), weight.RowBytes), expected);
            var kernel = new DecodeKernel(element, weight.Row(row), 512, decoded.Floats);
            Simd.Invoke(Enum.Parse<SimdPath>(path), ref kernel);
            for (var column = 0; column < 512; column++)
            {
                Assert.Equal(expected[column], decoded.Floats[column]);
                Assert.Equal(expected[column], DecodeScalar(element, weight.Row(row), column));
            }
        }
    }

    public static TheoryData<string, KvFormat> PathsAndKvFormats
    {
        get
        {
            var data = new TheoryData<string, KvFormat>();
            foreach (var path in Simd.Supported)
            {
                foreach (var format in Enum.GetValues<KvFormat>())
                {
                    data.Add(path.ToString(), format);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(PathsAndKvFormats))]
    public void AttendPaged_EqualsTheDefinition_WhateverLiesBeyondThePosition(string path, KvFormat format)
    {
        const int Heads = 2;
        const int Group = 3;
        const int Dim = 20;
        using var pool = new WorkerPool(2, Enum.Parse<SimdPath>(path));
        using var keys = RandomMatrix(64, Heads * Dim, seed: 20, out var k);
        using var values = RandomMatrix(64, Heads * Dim, seed: 21, out var v);
        using var q = RandomMatrix(50, Heads * Group * Dim, seed: 22, out var queries);
        using var o = RandomMatrix(50, Heads * Group * Dim, seed: 23, out var output);
        using var table = new NativeBuffer(4 * sizeof(int));
        new[] { 5, 0, 7, 2 }.CopyTo(table.AsSpan<int>());
        using var store = new KvStore([new KvShape(Heads, Dim, Dim)], 8, format);
        store.Write(pool, 0, new PagedRows(0, 53, 0, (nint)table.Data), k, v);
        var layer = store.Layer(0);
        // 53 of 64 places are used; the rest of the last block holds what a broken model may have left there.
        k.RowSpan(63).Fill(float.NaN);
        for (var position = 53; position < 64; position++)
        {
            store.Write(pool, 0, new PagedRows(63, 1, position, (nint)table.Data), k, k);
        }

        var rows = new PagedRows(0, 50, 3, (nint)table.Data);
        var expected = new float[Dim];
        using var slopes = RandomMatrix(1, Heads * Group, seed: 26, out _);
        using var sinks = RandomMatrix(1, Heads * Group, seed: 27, out _);
        AttendPaged.Settings[] all =
        [
            new(0.3f),
            new(0.3f, Window: 9),
            new(0.3f, Window: 9, SoftCap: 0.5f),
            new(0.3f, Slopes: (nint)slopes.Data),
            new(0.3f, Sinks: (nint)sinks.Data),
            new(0.3f, Window: 21, SoftCap: 1.5f, Slopes: (nint)slopes.Data, Sinks: (nint)sinks.Data),
        ];
        foreach (var settings in all)
        {
            AttendPaged.Run(pool, [rows], 1, layer, queries, output, settings);
            for (var row = 0; row < 50; row++)
            {
                for (var head = 0; head < Heads * Group; head++)
                {
                    var query = queries.RowSpan(row).Slice(head * Dim, Dim);
                    AttendPaged.AttendReference(rows, layer, head, head / Group, query, 3 + row, settings, expected);
                    for (var i = 0; i < Dim; i++)
                    {
                        Assert.Equal(expected[i], output.Row(row)[(head * Dim) + i], 2e-5f);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Exp_IsExactToAFewUnitsInTheLastPlace(string path)
    {
        using var x = RandomMatrix(1, 4096, seed: 24, out var xs);
        using var y = RandomMatrix(1, 4096, seed: 25, out var ys);
        for (var i = 0; i < 4096; i++)
        {
            xs.Data[i] = -87 + (174f * i / 4095);
        }

        var kernel = new ExpKernel(xs.Data, ys.Data, 4096);
        Simd.Invoke(Enum.Parse<SimdPath>(path), ref kernel);
        for (var i = 0; i < 4096; i++)
        {
            Assert.Equal(1, ys.Data[i] / Math.Exp(xs.Data[i]), 3e-7);
        }
    }

    internal static NativeBuffer RandomMatrix(int rows, int columns, int seed, out Matrix matrix)
    {
        var buffer = NativeBuffer.Of<float>((long)rows * columns);
        var random = new Random(seed);
        foreach (ref var value in buffer.AsSpan<float>())
        {
            value = (random.NextSingle() * 2) - 1;
        }

        matrix = new Matrix(buffer.Floats, rows, columns);
        return buffer;
    }

    internal static WeightMatrix RandomWeight(ElementType type, int rows, int columns, int seed)
    {
        var (values, bytes) = type.Block();
        var buffer = new NativeBuffer((long)rows * columns / values * bytes);
        var random = new Random(seed);
        random.NextBytes(buffer.AsSpan<byte>());
        for (var i = 0; i < buffer.Length / bytes; i++)
        {
            var block = buffer.Data + (i * bytes);
            switch (type)
            {
                case ElementType.F32:
                    *(float*)block = random.NextSingle() - 0.5f;
                    break;
                case ElementType.BF16:
                    *(ushort*)block = (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) >> 16);
                    break;
                default:
                    // The scales of every block: normal, subnormal and zero.
                    foreach (var (offset, size) in HalvesOf(type))
                    {
                        *(Half*)(block + offset) = (Half)(random.Next(10) switch { 0 => 3e-7f, 1 => 0f, _ => random.NextSingle() * size });
                    }

                    break;
            }
        }

        return new WeightMatrix(type, rows, columns, buffer.Data, buffer);
    }

    // Where the binary16 values of a block lie, and how large they may be for weights of about one.
    private static (int Offset, float Size)[] HalvesOf(ElementType type) => type switch
    {
        ElementType.F16 => [(0, 1f)],
        ElementType.Q4_1 or ElementType.Q5_1 => [(0, 0.02f), (2, 0.5f)],
        ElementType.Q2K => [(80, 0.02f), (82, 0.02f)],
        ElementType.Q3K => [(108, 0.005f)],
        ElementType.Q4K or ElementType.Q5K => [(0, 0.001f), (2, 0.01f)],
        ElementType.Q6K => [(208, 0.0003f)],
        _ => [(0, 0.01f)],
    };

    internal static void AssertClose(Matrix expected, Matrix actual, float tolerance)
    {
        for (var row = 0; row < expected.Rows; row++)
        {
            for (var column = 0; column < expected.Columns; column++)
            {
                var wanted = expected.Row(row)[column];
                Assert.Equal(wanted, actual.Row(row)[column], tolerance * Math.Max(1, Math.Abs(wanted)));
            }
        }
    }

    private static float DecodeScalar(ElementType type, byte* row, int column) => type switch
    {
        ElementType.F32 => Engine.Kernels.Encodings.F32.DecodeScalar(row, column),
        ElementType.F16 => Engine.Kernels.Encodings.F16.DecodeScalar(row, column),
        ElementType.BF16 => Engine.Kernels.Encodings.BF16.DecodeScalar(row, column),
        ElementType.Q8_0 => Engine.Kernels.Encodings.Q8_0.DecodeScalar(row, column),
        ElementType.Q4_0 => Engine.Kernels.Encodings.Q4_0.DecodeScalar(row, column),
        ElementType.Q4_1 => Engine.Kernels.Encodings.Q4_1.DecodeScalar(row, column),
        ElementType.Q5_0 => Engine.Kernels.Encodings.Q5_0.DecodeScalar(row, column),
        ElementType.Q5_1 => Engine.Kernels.Encodings.Q5_1.DecodeScalar(row, column),
        ElementType.Q2K => Engine.Kernels.Encodings.Q2K.DecodeScalar(row, column),
        ElementType.Q3K => Engine.Kernels.Encodings.Q3K.DecodeScalar(row, column),
        ElementType.Q4K => Engine.Kernels.Encodings.Q4K.DecodeScalar(row, column),
        ElementType.Q5K => Engine.Kernels.Encodings.Q5K.DecodeScalar(row, column),
        ElementType.Q6K => Engine.Kernels.Encodings.Q6K.DecodeScalar(row, column),
        ElementType.IQ4NL => Engine.Kernels.Encodings.IQ4NL.DecodeScalar(row, column),
        _ => throw new NotSupportedException(),
    };

    private readonly struct DecodeKernel(ElementType type, byte* row, int columns, float* destination) : ISimdKernel
    {
        private readonly byte* _row = row;
        private readonly float* _destination = destination;

        public void Invoke<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            switch (type)
            {
                case ElementType.F32: Engine.Kernels.Encodings.F32.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.F16: Engine.Kernels.Encodings.F16.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.BF16: Engine.Kernels.Encodings.BF16.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q8_0: Engine.Kernels.Encodings.Q8_0.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q4_0: Engine.Kernels.Encodings.Q4_0.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q4_1: Engine.Kernels.Encodings.Q4_1.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q5_0: Engine.Kernels.Encodings.Q5_0.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q5_1: Engine.Kernels.Encodings.Q5_1.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q2K: Engine.Kernels.Encodings.Q2K.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q3K: Engine.Kernels.Encodings.Q3K.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q4K: Engine.Kernels.Encodings.Q4K.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q5K: Engine.Kernels.Encodings.Q5K.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.Q6K: Engine.Kernels.Encodings.Q6K.Decode<TSimd, TVector>(_row, columns, _destination); break;
                case ElementType.IQ4NL: Engine.Kernels.Encodings.IQ4NL.Decode<TSimd, TVector>(_row, columns, _destination); break;
                default: throw new NotSupportedException();
            }
        }
    }

    private readonly struct ExpKernel(float* x, float* y, int count) : ISimdKernel
    {
        private readonly float* _x = x;
        private readonly float* _y = y;

        public void Invoke<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            for (var i = 0; i < count; i += TSimd.Count)
            {
                TSimd.Store(VectorMath.Exp<TSimd, TVector>(TSimd.Load(_x + i)), _y + i);
            }
        }
    }
}
