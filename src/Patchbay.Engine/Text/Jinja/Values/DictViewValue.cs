namespace Patchbay.Engine.Text.Jinja.Values;

internal enum DictViewKind : byte
{
    Keys,
    Values,
    Items,
}

/// <summary>What <c>keys()</c>, <c>values()</c> and <c>items()</c> return.</summary>
internal sealed class DictViewValue(DictValue dict, DictViewKind kind)
{
    public DictValue Dict { get; } = dict;

    public DictViewKind Kind { get; } = kind;

    public object? ItemAt(int index) => Kind switch
    {
        DictViewKind.Keys => Dict.Keys[index],
        DictViewKind.Values => Dict.Values[index],
        _ => Dict.EntryAt(index),
    };
}
