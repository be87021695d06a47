namespace Patchbay.Engine.Kernels.Activations;

/// <summary>
/// xIELU (arXiv:2411.13010): αₚ·x² + β·x for positive x, else αₙ·(e^min(x, ε) - 1 - x) + β·x.
/// </summary>
/// <param name="positive">αₚ.</param>
/// <param name="negative">αₙ.</param>
/// <param name="beta">β.</param>
/// <param name="epsilon">ε, a little below 0.</param>
internal readonly struct Xielu(float positive, float negative, float beta, float epsilon) : IActivation
{
    public TVector Apply<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var linear = TSimd.Multiply(x, TSimd.Create(beta));
        var above = TSimd.MultiplyAdd(TSimd.Multiply(x, x), TSimd.Create(positive), linear);
        var exponential = VectorMath.Exp<TSimd, TVector>(TSimd.Min(x, TSimd.Create(epsilon)));
        var curve = TSimd.Subtract(TSimd.Subtract(exponential, TSimd.Create(1f)), x);
        return TSimd.SelectPositive(x, above, TSimd.MultiplyAdd(curve, TSimd.Create(negative), linear));
    }

    public double ApplyReference(double x) => x > 0
        ? (positive * x * x) + (beta * x)
        : ((Math.Exp(Math.Min(x, epsilon)) - 1 - x) * negative) + (beta * x);
}
