namespace Patchbay.Engine.Kernels.Activations;

/// <summary>x·σ(x) (arXiv:1702.03118).</summary>
internal readonly struct Silu : IActivation
{
    public TVector Apply<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.Multiply(x, VectorMath.Sigmoid<TSimd, TVector>(x));

    public double ApplyReference(double x) => x / (1 + Math.Exp(-x));
}
