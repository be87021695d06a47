using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Puts the queries, keys and values of latent attention (arXiv:2405.04434 §2.1) together: the last part of every query head and
/// the key part that all heads share are turned by the angles of their row; each key is its head's own part and the shared one.
/// </summary>
/// <param name="queries">(rows, heads·(own + turned)), changed in place.</param>
/// <param name="expanded">(rows, heads·(own + value)): the own part of each key and its value vector.</param>
/// <param name="shared">(rows, turned): the part of the keys that all heads share.</param>
/// <param name="keys">Receives (rows, heads·(own + turned)).</param>
/// <param name="values">Receives (rows, heads·value).</param>
/// <param name="cosines">(rows, turned / 2).</param>
/// <param name="sines">(rows, turned / 2).</param>
/// <param name="heads">Number of heads.</param>
/// <param name="isInterleaved">Whether neighbouring values are turned against each other, or the halves.</param>
internal readonly unsafe struct AssembleLatent(
    Matrix queries, Matrix expanded, Matrix shared, Matrix keys, Matrix values, Matrix cosines, Matrix sines, int heads, bool isInterleaved)
    : IRowKernel
{
    private readonly Matrix _queries = queries;
    private readonly Matrix _expanded = expanded;
    private readonly Matrix _shared = shared;
    private readonly Matrix _keys = keys;
    private readonly Matrix _values = values;
    private readonly Matrix _cosines = cosines;
    private readonly Matrix _sines = sines;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var keyDim = _keys.Columns / heads;
        var valueDim = _values.Columns / heads;
        var own = keyDim - _shared.Columns;
        Span<float> turned = stackalloc float[_shared.Columns];
        Turn(row, _shared.RowSpan(row), turned);
        Span<float> query = stackalloc float[_shared.Columns];
        for (var head = 0; head < heads; head++)
        {
            var source = _expanded.RowSpan(row).Slice(head * (own + valueDim), own + valueDim);
            var key = _keys.RowSpan(row).Slice(head * keyDim, keyDim);
            source[..own].CopyTo(key);
            turned.CopyTo(key[own..]);
            source[own..].CopyTo(_values.RowSpan(row).Slice(head * valueDim, valueDim));
            var place = _queries.RowSpan(row).Slice((head * keyDim) + own, query.Length);
            Turn(row, place, query);
            query.CopyTo(place);
        }
    }

    /// <summary>The first of each pair goes to the front half, the second to the back half: for queries and keys alike.</summary>
    private void Turn(int row, ReadOnlySpan<float> source, Span<float> result)
    {
        var half = result.Length / 2;
        for (var i = 0; i < half; i++)
        {
            var (a, b) = isInterleaved ? (source[2 * i], source[(2 * i) + 1]) : (source[i], source[half + i]);
            var (cosine, sine) = (_cosines.Row(row)[i], _sines.Row(row)[i]);
            result[i] = (a * cosine) - (b * sine);
            result[half + i] = (b * cosine) + (a * sine);
        }
    }
}
