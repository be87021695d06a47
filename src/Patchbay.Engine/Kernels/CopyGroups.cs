using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Takes one part out of rows that hold several parts group after group: part [offset, offset + width) of every group goes to
/// the target, groups in their order.
/// </summary>
/// <param name="source">(rows, groups·groupSize).</param>
/// <param name="target">(rows, groups·width).</param>
internal readonly unsafe struct CopyGroups(Matrix source, Matrix target, int groups, int offset) : IRowKernel
{
    private readonly Matrix _source = source;
    private readonly Matrix _target = target;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var size = _source.Columns / groups;
        var width = _target.Columns / groups;
        for (var group = 0; group < groups; group++)
        {
            _source.RowSpan(row).Slice((group * size) + offset, width).CopyTo(_target.RowSpan(row)[(group * width)..]);
        }
    }
}
