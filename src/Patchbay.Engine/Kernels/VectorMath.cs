using System.Runtime.CompilerServices;

namespace Patchbay.Engine.Kernels;

/// <summary>Functions of one vector that the hardware does not have.</summary>
internal static class VectorMath
{
    /// <summary>
    /// e^x to about one unit in the last place: x = n·ln 2 + r, a polynomial of degree 6 for e^r (coefficients of Cephes
    /// <c>expf</c>), scaled by 2^n. Arguments below -87 give 2^-126 at least, above 88 at most 2^127.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        return ExpInRange<TSimd, TVector>(TSimd.Min(TSimd.Max(x, TSimd.Create(-87.3f)), TSimd.Create(88.0f)));
    }

    /// <summary><see cref="Exp"/> for arguments from -87.3 to 88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector ExpInRange<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var n = TSimd.Round(TSimd.Multiply(x, TSimd.Create(1.44269504088896341f)));
        var r = TSimd.MultiplyAdd(n, TSimd.Create(-0.693359375f), x);
        r = TSimd.MultiplyAdd(n, TSimd.Create(2.12194440e-4f), r);
        var p = TSimd.Create(1.9875691500e-4f);
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(1.3981999507e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(8.3334519073e-3f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(4.1665795894e-2f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(1.6666665459e-1f));
        p = TSimd.MultiplyAdd(p, r, TSimd.Create(5.0000001201e-1f));
        p = TSimd.MultiplyAdd(p, TSimd.Multiply(r, r), TSimd.Add(r, TSimd.Create(1f)));
        return TSimd.ScaleByPowerOfTwo(p, n);
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Sigmoid<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var one = TSimd.Create(1f);
        return TSimd.Divide(one, TSimd.Add(one, Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Create(0f), x))));
    }

    /// <summary>tanh x, to about 1e-7 absolute: 1 - 2 / (e^2x + 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var one = TSimd.Create(1f);
        var twice = Exp<TSimd, TVector>(TSimd.Add(x, x));
        return TSimd.Subtract(one, TSimd.Divide(TSimd.Create(2f), TSimd.Add(twice, one)));
    }

    /// <summary>
    /// The error function to a few units in the last place: x·P(x²)/Q(x²) on [-4, 4], beyond which float32 knows only ±1
    /// (coefficients of Eigen's single-precision <c>erf</c>).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Erf<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        x = TSimd.Min(TSimd.Max(x, TSimd.Create(-4f)), TSimd.Create(4f));
        var square = TSimd.Multiply(x, x);
        var p = TSimd.Create(-2.72614225801306e-10f);
        p = TSimd.MultiplyAdd(p, square, TSimd.Create(2.77068142495902e-08f));
        p = TSimd.MultiplyAdd(p, square, TSimd.Create(-2.10102402082508e-06f));
        p = TSimd.MultiplyAdd(p, square, TSimd.Create(-5.69250639462346e-05f));
        p = TSimd.MultiplyAdd(p, square, TSimd.Create(-7.34990630326855e-04f));
        p = TSimd.MultiplyAdd(p, square, TSimd.Create(-2.95459980854025e-03f));
        p = TSimd.MultiplyAdd(p, square, TSimd.Create(-1.60960333262415e-02f));
        var q = TSimd.Create(-1.45660718464996e-05f);
        q = TSimd.MultiplyAdd(q, square, TSimd.Create(-2.13374055278905e-04f));
        q = TSimd.MultiplyAdd(q, square, TSimd.Create(-1.68282697438203e-03f));
        q = TSimd.MultiplyAdd(q, square, TSimd.Create(-7.37332916720468e-03f));
        q = TSimd.MultiplyAdd(q, square, TSimd.Create(-1.42647390514189e-02f));
        return TSimd.Divide(TSimd.Multiply(x, p), q);
    }
}
