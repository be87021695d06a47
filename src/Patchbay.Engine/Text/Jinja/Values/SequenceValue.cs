namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>A list or a tuple. The sandbox forbids every method that would change one, so both are fixed.</summary>
internal abstract class SequenceValue(object?[] items)
{
    public object?[] Items { get; } = items;

    /// <summary>A sequence of the same kind.</summary>
    public abstract SequenceValue With(object?[] items);
}

internal sealed class ListValue(object?[] items) : SequenceValue(items)
{
    public override SequenceValue With(object?[] items) => new ListValue(items);
}

internal class TupleValue(object?[] items) : SequenceValue(items)
{
    public sealed override SequenceValue With(object?[] items) => new TupleValue(items);
}

/// <summary>What <c>groupby</c> yields: a pair whose parts have names.</summary>
internal sealed class GroupValue(object? grouper, ListValue list) : TupleValue([grouper, list]), IHasAttributes
{
    public bool TryGetAttribute(string name, out object? value)
    {
        value = name switch { "grouper" => Items[0], "list" => Items[1], _ => null };
        return name is "grouper" or "list";
    }
}
