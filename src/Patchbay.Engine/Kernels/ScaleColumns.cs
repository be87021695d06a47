using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>x = factor ⊙ x, in place, with one factor per column.</summary>
internal readonly unsafe struct ScaleColumns(Matrix x, float* factors) : IRowKernel
{
    private readonly Matrix _x = x;
    private readonly float* _factors = factors;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var x = _x.Row(row);
        var i = 0;
        for (; i <= _x.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Multiply(TSimd.Load(x + i), TSimd.Load(_factors + i)), x + i);
        }

        for (; i < _x.Columns; i++)
        {
            x[i] *= _factors[i];
        }
    }
}
