namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>Items made when they are asked for, and only once: what <c>map</c>, <c>select</c> and their like return.</summary>
internal sealed class GeneratorValue(string name, RenderBudget budget, IEnumerable<object?> items)
{
    private readonly IEnumerator<object?> _items = items.GetEnumerator();

    /// <summary>The name that printing shows.</summary>
    public string Name { get; } = name;

    /// <summary>The items that nobody has taken yet.</summary>
    public IEnumerable<object?> TakeItems()
    {
        while (MoveNext())
        {
            yield return _items.Current;
        }
    }

    /// <summary>Generators may feed on each other, thousands deep.</summary>
    private bool MoveNext()
    {
        budget.Step();
        budget.Enter();
        var moved = _items.MoveNext();
        budget.Leave();
        return moved;
    }
}
