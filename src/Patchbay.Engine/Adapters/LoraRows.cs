namespace Patchbay.Engine.Adapters;

/// <summary>Neighbouring rows of a batch that the same adapter acts on. Rows of the base model are in no group.</summary>
/// <param name="Adapter">The adapter.</param>
/// <param name="FirstRow">The first row.</param>
/// <param name="RowCount">How many.</param>
internal readonly record struct LoraGroup(LoraAdapter Adapter, int FirstRow, int RowCount);

/// <summary>Which adapter acts on which rows of a batch, grouped so that each adapter's weights are read once.</summary>
internal sealed class LoraRows
{
    private readonly List<LoraGroup> _groups = [];

    public IReadOnlyList<LoraGroup> Groups => _groups;

    public void Clear() => _groups.Clear();

    /// <summary>Adds the next rows; they join the group before them if it has the same adapter.</summary>
    public void Add(LoraAdapter? adapter, int firstRow, int rowCount)
    {
        if (adapter is null)
        {
            return;
        }

        if (_groups.Count > 0 && _groups[^1] is var last && last.Adapter == adapter && last.FirstRow + last.RowCount == firstRow)
        {
            _groups[^1] = last with { RowCount = last.RowCount + rowCount };
            return;
        }

        _groups.Add(new LoraGroup(adapter, firstRow, rowCount));
    }

    /// <summary>Becomes the grouping of rows picked out of another one's, in ascending order.</summary>
    public void Pick(LoraRows source, ReadOnlySpan<int> rows)
    {
        Clear();
        var next = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            while (next < source._groups.Count && source._groups[next].FirstRow + source._groups[next].RowCount <= rows[i])
            {
                next++;
            }

            if (next < source._groups.Count && source._groups[next].FirstRow <= rows[i])
            {
                Add(source._groups[next].Adapter, i, 1);
            }
        }
    }
}
