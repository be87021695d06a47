using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>x = min(max(x, -limit), limit), in place.</summary>
internal readonly unsafe struct Clamp(Matrix x, float limit) : IRowKernel
{
    private readonly Matrix _x = x;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var x = _x.Row(row);
        var (low, high) = (TSimd.Create(-limit), TSimd.Create(limit));
        var i = 0;
        for (; i <= _x.Columns - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Min(TSimd.Max(TSimd.Load(x + i), low), high), x + i);
        }

        for (; i < _x.Columns; i++)
        {
            x[i] = MathF.Min(MathF.Max(x[i], -limit), limit);
        }
    }
}
