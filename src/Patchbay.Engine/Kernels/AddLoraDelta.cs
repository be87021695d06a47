using Patchbay.Engine.Kernels.Encodings;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// The expand step of LoRA (arXiv:2106.09685): y = d ⊙ (y + s·t·B), where t = x·Aᵀ (m, r) is the shrunk input, B is stored
/// transposed (r, n) and d is the row scale of DoRA (arXiv:2402.09353) or absent. Ranks are added in ascending order for every
/// element, so neither the batch nor the threads change a result.
/// </summary>
internal static unsafe class AddLoraDelta
{
    // Columns of one task; B is read once for a few rows.
    private const int TaskColumns = 1024;
    private const int TaskRows = 16;

    /// <param name="pool">The workers.</param>
    /// <param name="shrunk">t, of shape (m, r).</param>
    /// <param name="expand">B transposed, of shape (r, n), in a dense encoding.</param>
    /// <param name="scale">s.</param>
    /// <param name="outputScale">d, of n values, or null.</param>
    /// <param name="y">The base layer's output, of shape (m, n); changed in place.</param>
    public static void Run(WorkerPool pool, Matrix shrunk, WeightMatrix expand, float scale, float* outputScale, Matrix y)
    {
        switch (expand.Type)
        {
            case ElementType.F32: Run<F32>(pool, shrunk, expand, scale, outputScale, y); break;
            case ElementType.F16: Run<F16>(pool, shrunk, expand, scale, outputScale, y); break;
            case ElementType.BF16: Run<BF16>(pool, shrunk, expand, scale, outputScale, y); break;
            default: throw new NotSupportedException($"An adapter stored as {expand.Type} is not supported.");
        }
    }

    /// <summary>The definition, in double precision: the test of every path.</summary>
    public static void RunReference(Matrix shrunk, WeightMatrix expand, float scale, float* outputScale, Matrix y)
    {
        using var row = NativeBuffer.Of<float>(expand.Columns);
        for (var m = 0; m < y.Rows; m++)
        {
            var sum = new double[y.Columns];
            for (var r = 0; r < expand.Rows; r++)
            {
                WeightDecoder.DecodeRow(expand, r, row.Floats);
                for (var n = 0; n < y.Columns; n++)
                {
                    sum[n] += (double)shrunk.Row(m)[r] * row.Floats[n];
                }
            }

            for (var n = 0; n < y.Columns; n++)
            {
                y.Row(m)[n] = (float)((y.Row(m)[n] + scale * sum[n]) * (outputScale is null ? 1 : outputScale[n]));
            }
        }
    }

    private static void Run<TEncoding>(WorkerPool pool, Matrix shrunk, WeightMatrix expand, float scale, float* outputScale, Matrix y)
        where TEncoding : struct, IDenseEncoding
    {
        var columnTasks = (y.Columns + TaskColumns - 1) / TaskColumns;
        var job = new Job<TEncoding>(shrunk, expand, scale, outputScale, y, columnTasks);
        pool.Run(ref job, columnTasks * ((y.Rows + TaskRows - 1) / TaskRows));
    }

    private readonly struct Job<TEncoding>(
        Matrix shrunk, WeightMatrix expand, float scale, float* outputScale, Matrix y, int columnTasks) : IParallelJob
        where TEncoding : struct, IDenseEncoding
    {
        private readonly Matrix _shrunk = shrunk;
        private readonly WeightMatrix _expand = expand;
        private readonly Matrix _y = y;
        private readonly float* _outputScale = outputScale;

        public void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var firstColumn = task % columnTasks * TaskColumns;
            var lastColumn = Math.Min(_y.Columns, firstColumn + TaskColumns);
            var firstRow = task / columnTasks * TaskRows;
            var lastRow = Math.Min(_y.Rows, firstRow + TaskRows);
            for (var row = firstRow; row < lastRow; row++)
            {
                var t = _shrunk.Row(row);
                var y = _y.Row(row);
                var column = firstColumn;
                for (; column <= lastColumn - TSimd.Count; column += TSimd.Count)
                {
                    Expand<TSimd, TVector>(t, y, column);
                }

                for (; column < lastColumn; column++)
                {
                    Expand<SimdScalar, float>(t, y, column);
                }
            }
        }

        private void Expand<TSimd, TVector>(float* t, float* y, int column)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var sum = TSimd.Create(0f);
            var b = _expand.Data;
            for (var r = 0; r < _expand.Rows; r++, b += _expand.RowBytes)
            {
                sum = TSimd.MultiplyAdd(TEncoding.Load<TSimd, TVector>(b, column), TSimd.Create(t[r]), sum);
            }

            var result = TSimd.MultiplyAdd(sum, TSimd.Create(scale), TSimd.Load(y + column));
            if (_outputScale is not null)
            {
                result = TSimd.Multiply(result, TSimd.Load(_outputScale + column));
            }

            TSimd.Store(result, y + column);
        }
    }
}
