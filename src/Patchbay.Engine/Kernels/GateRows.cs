using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>x = x·f(gate), in place; the gate stays as it is.</summary>
internal readonly unsafe struct GateRows<TActivation>(TActivation activation, Matrix x, Matrix gate) : IRowKernel
    where TActivation : struct, IActivation
{
    private readonly TActivation _activation = activation;
    private readonly Matrix _x = x;
    private readonly Matrix _gate = gate;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var x = _x.Row(row);
        var gate = _gate.Row(row);
        var i = 0;
        for (; i <= _x.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Multiply(TSimd.Load(x + i), _activation.Apply<TSimd, TVector>(TSimd.Load(gate + i))), x + i);
        }

        for (; i < _x.Columns; i++)
        {
            x[i] *= _activation.Apply<SimdScalar, float>(gate[i]);
        }
    }
}
