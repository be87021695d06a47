namespace Patchbay.Engine.Kernels.Activations;

/// <summary>max(x, 0)² (arXiv:2109.08668).</summary>
internal readonly struct SquaredRelu : IActivation
{
    public TVector Apply<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var positive = TSimd.Max(x, TSimd.Create(0f));
        return TSimd.Multiply(positive, positive);
    }

    public double ApplyReference(double x) => Math.Max(x, 0) * Math.Max(x, 0);
}
