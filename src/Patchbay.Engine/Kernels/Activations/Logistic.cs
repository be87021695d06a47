namespace Patchbay.Engine.Kernels.Activations;

/// <summary>σ(x).</summary>
internal readonly struct Logistic : IActivation
{
    public TVector Apply<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => VectorMath.Sigmoid<TSimd, TVector>(x);

    public double ApplyReference(double x) => 1 / (1 + Math.Exp(-x));
}
