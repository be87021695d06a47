using Patchbay.Engine.Kernels.Encodings;
using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// y = x·Wᵀ for activations x (m, k), weights W (n, k) in any encoding, results y (m, n): tiling and threads, once.
/// Threads share the outputs, never the sum over k, so results do not depend on their number.
/// </summary>
internal static unsafe class MatMul
{
    // Weight rows of one task: enough work to be worth a claim, few enough to balance; with many rows of x, as wide as changes are
    // fast.
    private const int TaskRows = 32;
    private const int WideTaskRows = 64;
    private const int ManyRows = 16;

    // Activations of one pass over the weights of a task; they stay in the second-level cache.
    private const int BlockBytes = 256 * 1024;

    /// <summary>Computes y.</summary>
    /// <param name="pool">The workers.</param>
    /// <param name="weight">W.</param>
    /// <param name="x">x.</param>
    /// <param name="y">Receives the results.</param>
    /// <param name="changes">Done to each tile of y by the task that computes it.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static void Run(WorkerPool pool, WeightMatrix weight, Matrix x, Matrix y, TileChanges changes = default)
    {
        CheckShapes(weight, x, y);
        if (weight.Packed is { } packed)
        {
            PackedMatMul.Run(pool, packed, x, y, changes);
            return;
        }

        switch (weight.Type)
        {
            case ElementType.F32: Run<F32>(pool, weight, x, y, changes); break;
            case ElementType.F16: Run<F16>(pool, weight, x, y, changes); break;
            case ElementType.BF16: Run<BF16>(pool, weight, x, y, changes); break;
            case ElementType.Q8_0: Run<Q8_0>(pool, weight, x, y, changes); break;
            case ElementType.Q4_0: Run<Q4_0>(pool, weight, x, y, changes); break;
            case ElementType.Q4_1: Run<Q4_1>(pool, weight, x, y, changes); break;
            case ElementType.Q5_0: Run<Q5_0>(pool, weight, x, y, changes); break;
            case ElementType.Q5_1: Run<Q5_1>(pool, weight, x, y, changes); break;
            case ElementType.Q2K: Run<Q2K>(pool, weight, x, y, changes); break;
            case ElementType.Q3K: Run<Q3K>(pool, weight, x, y, changes); break;
            case ElementType.Q4K: Run<Q4K>(pool, weight, x, y, changes); break;
            case ElementType.Q5K: Run<Q5K>(pool, weight, x, y, changes); break;
            case ElementType.Q6K: Run<Q6K>(pool, weight, x, y, changes); break;
            case ElementType.IQ4NL: Run<IQ4NL>(pool, weight, x, y, changes); break;
            default: throw new NotSupportedException($"Weights stored as {weight.Type} are not supported.");
        }
    }

    /// <exception cref="ArgumentException">They do not fit.</exception>
    public static void CheckShapes(WeightMatrix weight, Matrix x, Matrix y)
    {
        if (x.Columns != weight.Columns || y.Columns != weight.Rows || x.Rows != y.Rows)
        {
            throw new ArgumentException(
                $"Shapes do not fit: x ({x.Rows}, {x.Columns}), weight ({weight.Rows}, {weight.Columns}), y ({y.Rows}, {y.Columns}).");
        }
    }

    /// <summary>The same by the definition, in double precision: the test of every path.</summary>
    public static void RunReference(WeightMatrix weight, Matrix x, Matrix y)
    {
        using var row = NativeBuffer.Of<float>(weight.Columns);
        for (var n = 0; n < weight.Rows; n++)
        {
            WeightDecoder.DecodeRow(weight, n, row.Floats);
            for (var m = 0; m < x.Rows; m++)
            {
                var sum = 0.0;
                for (var k = 0; k < weight.Columns; k++)
                {
                    sum += (double)row.Floats[k] * x.Row(m)[k];
                }

                y.Row(m)[n] = (float)sum;
            }
        }
    }

    private static void Run<TEncoding>(WorkerPool pool, WeightMatrix weight, Matrix x, Matrix y, TileChanges changes)
        where TEncoding : struct, IStoredEncoding
    {
        var taskRows = x.Rows < ManyRows ? TaskRows : WideTaskRows;
        var job = new Job<TEncoding>(weight, x, y, changes, taskRows);
        pool.ReserveScratch((long)DenseTile.WeightRows * Padded(weight.Columns) * sizeof(float));
        pool.Run(ref job, (weight.Rows + taskRows - 1) / taskRows);
    }

    // Rows of decoded weights start on different cache sets.
    private static int Padded(int columns) => ((columns + 15) & ~15) + 16;

    private readonly struct Job<TEncoding>(WeightMatrix weight, Matrix x, Matrix y, TileChanges changes, int taskRows) : IParallelJob
        where TEncoding : struct, IStoredEncoding
    {
        private readonly WeightMatrix _weight = weight;
        private readonly Matrix _x = x;
        private readonly Matrix _y = y;
        private readonly TileChanges _changes = changes;

        public void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var first = task * taskRows;
            var last = Math.Min(_weight.Rows, first + taskRows);
            var blockRows = Math.Max(4, BlockBytes / sizeof(float) / _weight.Columns & ~3);
            for (var m = 0; m < _x.Rows; m += blockRows)
            {
                var count = Math.Min(blockRows, _x.Rows - m);
                for (var n = first; n < last; n += DenseTile.WeightRows)
                {
                    var rows = Math.Min(DenseTile.WeightRows, last - n);
                    var (weights, stride) = Decoded<TSimd, TVector>(n, rows, (float*)scratch);
                    DenseTile.Multiply<TSimd, TVector>((float*)weights, stride, rows, _x.Slice(m, count), _y.Slice(m, count), n);
                }

                _changes.Apply<TSimd, TVector>(new LoraTile(m, count, first, last));
            }
        }

        private (nint Weights, int Stride) Decoded<TSimd, TVector>(int first, int rows, float* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            if (TEncoding.IsFloat32)
            {
                return ((nint)_weight.Row(first), _weight.Columns);
            }

            var stride = Padded(_weight.Columns);
            for (var i = 0; i < rows; i++)
            {
                TEncoding.Decode<TSimd, TVector>(_weight.Row(first + i), _weight.Columns, scratch + i * stride);
            }

            return ((nint)scratch, stride);
        }
    }
}
