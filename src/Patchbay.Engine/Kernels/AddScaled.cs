using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>y += scale·x: residual connections.</summary>
internal readonly unsafe struct AddScaled(Matrix x, Matrix y, float scale = 1) : IRowKernel
{
    private readonly Matrix _x = x;
    private readonly Matrix _y = y;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var x = _x.Row(row);
        var y = _y.Row(row);
        var factor = TSimd.Create(scale);
        var i = 0;
        for (; i <= _x.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(x + i), factor, TSimd.Load(y + i)), y + i);
        }

        for (; i < _x.Columns; i++)
        {
            y[i] = MathF.FusedMultiplyAdd(x[i], scale, y[i]);
        }
    }
}
