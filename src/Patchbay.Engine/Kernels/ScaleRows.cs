using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>x = factor·x, in place.</summary>
internal readonly unsafe struct ScaleRows(Matrix x, float factor) : IRowKernel
{
    private readonly Matrix _x = x;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var x = _x.Row(row);
        var scale = TSimd.Create(factor);
        var i = 0;
        for (; i <= _x.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Multiply(TSimd.Load(x + i), scale), x + i);
        }

        for (; i < _x.Columns; i++)
        {
            x[i] *= factor;
        }
    }
}
