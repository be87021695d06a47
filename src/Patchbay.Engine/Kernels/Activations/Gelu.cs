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
        // erf z = 2/√π·e^(-z²)·Σ 2ⁿ·z^(2n+1) / (1·3·…·(2n+1)), whose terms all have one sign; ±1 beyond 6.
        var z = Math.Clamp(x / Math.Sqrt(2), -6, 6);
        var (sum, term) = (z, z);
        for (var n = 1; n < 200; n++)
        {
            term *= 2 * z * z / ((2 * n) + 1);
            sum += term;
        }

        return x / 2 * (1 + (2 / Math.Sqrt(Math.PI) * Math.Exp(-z * z) * sum));
    }
}
