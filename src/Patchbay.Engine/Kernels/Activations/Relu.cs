namespace Patchbay.Engine.Kernels.Activations;

/// <summary>max(x, 0).</summary>
internal readonly struct Relu : IActivation
{
    public TVector Apply<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.Max(x, TSimd.Create(0f));

    public double ApplyReference(double x) => Math.Max(x, 0);
}
