using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Takes apart the rows of a fused projection that hold, group after group, some queries, then keys, then values: each goes to
/// its own matrix, groups in their order.
/// </summary>
internal readonly unsafe struct SplitGroups(Matrix fused, Matrix queries, Matrix keys, Matrix values, int groups) : IRowKernel
{
    private readonly Matrix _fused = fused;
    private readonly Matrix _queries = queries;
    private readonly Matrix _keys = keys;
    private readonly Matrix _values = values;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var source = _fused.Row(row);
        for (var group = 0; group < groups; group++)
        {
            source = Copy(source, _queries, row, group);
            source = Copy(source, _keys, row, group);
            source = Copy(source, _values, row, group);
        }
    }

    private float* Copy(float* source, Matrix target, int row, int group)
    {
        var width = target.Columns / groups;
        new Span<float>(source, width).CopyTo(new Span<float>(target.Row(row) + (group * width), width));
        return source + width;
    }
}
