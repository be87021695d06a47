namespace Patchbay.Engine.Kernels.Activations;

/// <summary>
/// GELU by tanh: x/2·(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³), computed as x·σ(2u), which is the same
/// (arXiv:1606.08415 §2; transformers calls it <c>gelu_new</c> and <c>gelu_pytorch_tanh</c>).
/// </summary>
internal readonly struct GeluTanh : IActivation
{
    private const float TwiceSquareRootOfTwoByPi = 1.5957691216057308f;

    public TVector Apply<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var cubic = TSimd.MultiplyAdd(TSimd.Multiply(TSimd.Multiply(x, x), TSimd.Create(0.044715f)), x, x);
        return TSimd.Multiply(x, VectorMath.Sigmoid<TSimd, TVector>(TSimd.Multiply(cubic, TSimd.Create(TwiceSquareRootOfTwoByPi))));
    }

    public double ApplyReference(double x) => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));
}
