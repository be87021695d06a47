using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>y += σ(gate)·x with one gate per row.</summary>
internal readonly unsafe struct AddGated(Matrix gate, Matrix x, Matrix y) : IRowKernel
{
    private readonly Matrix _gate = gate;
    private readonly Matrix _x = x;
    private readonly Matrix _y = y;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var factor = 1 / (1 + MathF.Exp(-*_gate.Row(row)));
        new AddScaled(_x, _y, factor).Apply<TSimd, TVector>(row);
    }
}
