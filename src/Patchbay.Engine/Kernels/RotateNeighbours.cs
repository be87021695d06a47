using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Rotary position embedding (arXiv:2104.09864) in its original layout: the pair (2i, 2i + 1) of each head is turned by the
/// angle of its row, in place. The same arguments as <see cref="Rotate"/>.
/// </summary>
internal readonly unsafe struct RotateNeighbours(Matrix heads, Matrix cosines, Matrix sines, int headDim) : IRowKernel
{
    private readonly Matrix _heads = heads;
    private readonly Matrix _cosines = cosines;
    private readonly Matrix _sines = sines;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var cosines = _cosines.Row(row);
        var sines = _sines.Row(row);
        for (var head = _heads.Row(row); head < _heads.Row(row) + _heads.Columns; head += headDim)
        {
            for (var i = 0; i < _cosines.Columns; i++)
            {
                var (a, b) = (head[2 * i], head[(2 * i) + 1]);
                head[2 * i] = (a * cosines[i]) - (b * sines[i]);
                head[(2 * i) + 1] = (b * cosines[i]) + (a * sines[i]);
            }
        }
    }
}
