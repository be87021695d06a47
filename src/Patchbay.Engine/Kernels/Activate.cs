using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>x = f(x), in place.</summary>
internal readonly unsafe struct Activate<TActivation>(TActivation activation, Matrix x) : IRowKernel
    where TActivation : struct, IActivation
{
    private readonly TActivation _activation = activation;
    private readonly Matrix _x = x;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var x = _x.Row(row);
        var i = 0;
        for (; i <= _x.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(_activation.Apply<TSimd, TVector>(TSimd.Load(x + i)), x + i);
        }

        for (; i < _x.Columns; i++)
        {
            x[i] = _activation.Apply<SimdScalar, float>(x[i]);
        }
    }
}
