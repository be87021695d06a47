using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Rotary position embedding (arXiv:2104.09864) in the half-split layout of Hugging Face: the pair (i, i + d/2) of each head is
/// turned by the angle of its row, in place.
/// </summary>
/// <param name="heads">(rows, heads·headDim), in place.</param>
/// <param name="cosines">(rows, rotaryDim / 2).</param>
/// <param name="sines">(rows, rotaryDim / 2).</param>
/// <param name="headDim">Values per head; the first <c>2·cosines.Columns</c> of them are turned.</param>
internal readonly unsafe struct Rotate(Matrix heads, Matrix cosines, Matrix sines, int headDim) : IRowKernel
{
    private readonly Matrix _heads = heads;
    private readonly Matrix _cosines = cosines;
    private readonly Matrix _sines = sines;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var half = _cosines.Columns;
        var cosines = _cosines.Row(row);
        var sines = _sines.Row(row);
        for (var head = _heads.Row(row); head < _heads.Row(row) + _heads.Columns; head += headDim)
        {
            var i = 0;
            for (; i <= half - TSimd.Count; i += TSimd.Count)
            {
                var a = TSimd.Load(head + i);
                var b = TSimd.Load(head + half + i);
                var cosine = TSimd.Load(cosines + i);
                var sine = TSimd.Load(sines + i);
                TSimd.Store(TSimd.Subtract(TSimd.Multiply(a, cosine), TSimd.Multiply(b, sine)), head + i);
                TSimd.Store(TSimd.Add(TSimd.Multiply(b, cosine), TSimd.Multiply(a, sine)), head + half + i);
            }

            for (; i < half; i++)
            {
                var (a, b) = (head[i], head[half + i]);
                head[i] = (a * cosines[i]) - (b * sines[i]);
                head[half + i] = (b * cosines[i]) + (a * sines[i]);
            }
        }
    }
}
