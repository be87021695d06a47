using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>The base weight of KaSA (arXiv:2412.06071): W without its r smallest singular values, as float32.</summary>
internal static unsafe class KasaWeight
{
    public static WeightMatrix Create(WeightMatrix weight, int rank)
    {
        var reduced = WeightMatrix.Allocate(weight.Rows, weight.Columns);
        for (var row = 0; row < weight.Rows; row++)
        {
            WeightDecoder.DecodeRow(weight, row, (float*)reduced.Row(row));
        }

        // The decomposition wants at least as many values per column as columns; else that of the transposed matrix does.
        var isTall = weight.Rows >= weight.Columns;
        var values = new JacobiSingularValues(isTall ? Columns(reduced) : Rows(reduced));
        var removed = values.Ascending.Take(rank).ToList();
        for (var row = 0; row < weight.Rows; row++)
        {
            var target = new Span<float>(reduced.Row(row), weight.Columns);
            for (var column = 0; column < weight.Columns; column++)
            {
                var sum = 0.0;
                foreach (var place in removed)
                {
                    sum += values.ScaledLeft(place)[isTall ? row : column] * values.Right(place)[isTall ? column : row];
                }

                target[column] = (float)(target[column] - sum);
            }
        }

        return reduced;
    }

    private static double[][] Columns(WeightMatrix matrix) =>
        [.. Enumerable.Range(0, matrix.Columns).Select(column =>
            Enumerable.Range(0, matrix.Rows).Select(row => (double)((float*)matrix.Row(row))[column]).ToArray())];

    private static double[][] Rows(WeightMatrix matrix) =>
        [.. Enumerable.Range(0, matrix.Rows).Select(row =>
            Enumerable.Range(0, matrix.Columns).Select(column => (double)((float*)matrix.Row(row))[column]).ToArray())];
}
