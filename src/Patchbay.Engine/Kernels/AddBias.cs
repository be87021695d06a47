using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>y += bias, the same for every row.</summary>
internal readonly unsafe struct AddBias(float* bias, Matrix y) : IRowKernel
{
    private readonly float* _bias = bias;
    private readonly Matrix _y = y;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var y = _y.Row(row);
        var i = 0;
        for (; i <= _y.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Add(TSimd.Load(_bias + i), TSimd.Load(y + i)), y + i);
        }

        for (; i < _y.Columns; i++)
        {
            y[i] += _bias[i];
        }
    }
}
