using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>Gated linear units (arXiv:2002.05202): gate = f(gate)·up, in place.</summary>
internal readonly unsafe struct ActivateGated<TActivation>(TActivation activation, Matrix gate, Matrix up) : IRowKernel
    where TActivation : struct, IActivation
{
    private readonly TActivation _activation = activation;
    private readonly Matrix _gate = gate;
    private readonly Matrix _up = up;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var gate = _gate.Row(row);
        var up = _up.Row(row);
        var i = 0;
        for (; i <= _gate.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Multiply(_activation.Apply<TSimd, TVector>(TSimd.Load(gate + i)), TSimd.Load(up + i)), gate + i);
        }

        for (; i < _gate.Columns; i++)
        {
            gate[i] = _activation.Apply<SimdScalar, float>(gate[i]) * up[i];
        }
    }
}
