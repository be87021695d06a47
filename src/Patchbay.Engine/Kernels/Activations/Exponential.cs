namespace Patchbay.Engine.Kernels.Activations;

/// <summary>e^x.</summary>
internal readonly struct Exponential : IActivation
{
    public TVector Apply<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => VectorMath.Exp<TSimd, TVector>(x);

    public double ApplyReference(double x) => Math.Exp(x);
}
