namespace Patchbay.Engine.Kernels.Activations;

/// <summary>x·Φ(x) = x/2·(1 + erf(x/√2)) (arXiv:1606.08415).</summary>
internal readonly struct Gelu : IActivation
{
    private const float InverseSquareRootOfTwo = 0.70710678118654752f;

    public TVector Apply<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var erf = VectorMath.Erf<TSimd, TVector>(TSimd.Multiply(x, TSimd.Create(InverseSquareRootOfTwo)));
        return TSimd.Multiply(TSimd.Multiply(x, TSimd.Create(0.5f)), TSimd.Add(TSimd.Create(1f), erf));
    }

    public double ApplyReference(double x)
    {
        // erf by its Taylor series, which converges everywhere; beyond 6 it is ±1 to double precision.
        var z = Math.Clamp(x / Math.Sqrt(2), -6, 6);
        var (sum, term) = (z, z);
        for (var n = 1; n < 200; n++)
        {
            term *= -z * z / n;
            sum += term / ((2 * n) + 1);
        }

        return x / 2 * (1 + Math.Clamp(2 / Math.Sqrt(Math.PI) * sum, -1, 1));
    }
}
