using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>y = Σᵢ wᵢ·xᵢ over the chosen experts of each row, in the order of its choices.</summary>
/// <param name="outputs">Results of experts, in any order of rows.</param>
/// <param name="places">(rows, chosen): the row of <paramref name="outputs"/> that holds a choice's result.</param>
/// <param name="weights">(rows, chosen).</param>
/// <param name="y">(rows, hidden).</param>
internal readonly unsafe struct CombineExperts(Matrix outputs, int* places, Matrix weights, Matrix y) : IRowKernel
{
    private readonly Matrix _outputs = outputs;
    private readonly Matrix _weights = weights;
    private readonly Matrix _y = y;
    private readonly int* _places = places;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var chosen = _weights.Columns;
        var places = _places + ((nint)row * chosen);
        var weights = _weights.Row(row);
        var y = _y.Row(row);
        var i = 0;
        for (; i <= _y.Columns - TSimd.Count; i += TSimd.Count)
        {
            Add<TSimd, TVector>(places, weights, y, i);
        }

        for (; i < _y.Columns; i++)
        {
            Add<SimdScalar, float>(places, weights, y, i);
        }
    }

    private void Add<TSimd, TVector>(int* places, float* weights, float* y, int column)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var sum = TSimd.Create(0f);
        for (var i = 0; i < _weights.Columns; i++)
        {
            sum = TSimd.MultiplyAdd(TSimd.Load(_outputs.Row(places[i]) + column), TSimd.Create(weights[i]), sum);
        }

        TSimd.Store(sum, y + column);
    }
}
