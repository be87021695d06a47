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
        if (adapter is null || rowCount == 0)
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

    /// <summary>Cuts rows 0 to <paramref name="rowCount"/> into ranges that one adapter changes a module for, or none.</summary>
    public ChangeRanges Ranges(int module, int rowCount) => new(_groups, module, rowCount);

    /// <summary>Rows that a module is changed for in one way; <see cref="Change"/> is null where it is not changed.</summary>
    internal readonly record struct ChangeRange(ModuleChange? Change, int FirstRow, int RowCount);

    /// <summary>Goes through the ranges in the order of the rows.</summary>
    internal struct ChangeRanges(List<LoraGroup> groups, int module, int rowCount)
    {
        private int _row;
        private int _group;

        public ChangeRange Current { get; private set; }

        public readonly ChangeRanges GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_row >= rowCount)
            {
                return false;
            }

            while (_group < groups.Count && groups[_group].Adapter.Change(module) is null)
            {
                _group++;
            }

            var next = _group < groups.Count ? groups[_group].FirstRow : rowCount;
            if (next > _row)
            {
                Current = new ChangeRange(null, _row, next - _row);
                _row = next;
                return true;
            }

            Current = new ChangeRange(groups[_group].Adapter.Change(module), _row, groups[_group].RowCount);
            _row += groups[_group++].RowCount;
            return true;
        }
    }
}
