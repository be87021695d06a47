using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>y = x ⊙ y.</summary>
internal readonly unsafe struct MultiplyRows(Matrix x, Matrix y) : IRowKernel
{
    private readonly Matrix _x = x;
    private readonly Matrix _y = y;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var x = _x.Row(row);
        var y = _y.Row(row);
        var i = 0;
        for (; i <= _x.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Multiply(TSimd.Load(x + i), TSimd.Load(y + i)), y + i);
        }

        for (; i < _x.Columns; i++)
        {
            y[i] *= x[i];
        }
    }
}
