using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// The clamped SwiGLU of gpt-oss, in place: with g = min(gate, limit) and u = up clamped to ±limit,
/// gate = (u + 1)·g·σ(alpha·g).
/// </summary>
internal readonly unsafe struct GatedClamped(Matrix gate, Matrix up, float alpha, float limit) : IRowKernel
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
            ApplyAt<TSimd, TVector>(gate + i, up + i);
        }

        for (; i < _gate.Columns; i++)
        {
            ApplyAt<SimdScalar, float>(gate + i, up + i);
        }
    }

    /// <summary>The definition, in double precision: the test of <see cref="Apply"/>.</summary>
    public static float ApplyReference(float gate, float up, float alpha, float limit)
    {
        var g = Math.Min((double)gate, limit);
        return (float)((Math.Clamp((double)up, -limit, limit) + 1) * g / (1 + Math.Exp(-alpha * g)));
    }

    private void ApplyAt<TSimd, TVector>(float* gate, float* up)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var g = TSimd.Min(TSimd.Load(gate), TSimd.Create(limit));
        var u = TSimd.Min(TSimd.Max(TSimd.Load(up), TSimd.Create(-limit)), TSimd.Create(limit));
        var glu = TSimd.Multiply(g, VectorMath.Sigmoid<TSimd, TVector>(TSimd.Multiply(g, TSimd.Create(alpha))));
        TSimd.Store(TSimd.Multiply(TSimd.Add(u, TSimd.Create(1f)), glu), gate);
    }
}
