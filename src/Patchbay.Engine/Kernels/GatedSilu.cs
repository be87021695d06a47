using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>SwiGLU (arXiv:2002.05202): gate = gate·σ(gate)·up, in place.</summary>
internal readonly unsafe struct GatedSilu(Matrix gate, Matrix up) : IRowKernel
{
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
            var g = TSimd.Load(gate + i);
            TSimd.Store(TSimd.Multiply(TSimd.Multiply(g, VectorMath.Sigmoid<TSimd, TVector>(g)), TSimd.Load(up + i)), gate + i);
        }

        for (; i < _gate.Columns; i++)
        {
            gate[i] = gate[i] * VectorMath.Sigmoid<SimdScalar, float>(gate[i]) * up[i];
        }
    }

    /// <summary>The definition, in double precision: the test of <see cref="Apply"/>.</summary>
    public static float ApplyReference(float gate, float up) => (float)(gate / (1 + Math.Exp(-gate)) * up);
}
