using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>x = limit·tanh(x / limit), in place: values that grow towards a limit and never pass it.</summary>
internal readonly unsafe struct SoftCap(Matrix x, float limit) : IRowKernel
{
    private readonly Matrix _x = x;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var x = _x.Row(row);
        var i = 0;
        for (; i <= _x.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(Cap<TSimd, TVector>(TSimd.Load(x + i), limit), x + i);
        }

        for (; i < _x.Columns; i++)
        {
            x[i] = Cap<SimdScalar, float>(x[i], limit);
        }
    }

    public static TVector Cap<TSimd, TVector>(TVector x, float limit)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged =>
        TSimd.Multiply(VectorMath.Tanh<TSimd, TVector>(TSimd.Divide(x, TSimd.Create(limit))), TSimd.Create(limit));
}
