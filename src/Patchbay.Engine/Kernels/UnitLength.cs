using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>x = scale·x / √(Σx² + ε) over consecutive groups of <c>width</c> values of each row, in place.</summary>
internal readonly unsafe struct UnitLength(Matrix x, int width, float epsilon, float scale) : IRowKernel
{
    private readonly Matrix _x = x;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (var group = _x.Row(row); group < _x.Row(row) + _x.Columns; group += width)
        {
            var factor = scale / MathF.Sqrt(DenseTile.Dot<TSimd, TVector>(group, group, width) + epsilon);
            for (var i = 0; i < width; i++)
            {
                group[i] *= factor;
            }
        }
    }
}
