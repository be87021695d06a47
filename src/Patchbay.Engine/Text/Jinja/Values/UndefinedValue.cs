using Patchbay.Engine.Text.Jinja.Python;

namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>
/// What is not there. It prints as nothing, iterates as empty and is false; everything else that is done with it
/// fails with a message about what was missing.
/// </summary>
internal sealed class UndefinedValue
{
    private readonly object? _owner;
    private readonly object? _name;
    private readonly string? _reason;

    private UndefinedValue(object? owner, object? name, string? reason)
    {
        _owner = owner;
        _name = name;
        _reason = reason;
    }

    public static UndefinedValue Variable(string name) => new(null, null, $"{PythonFormat.Repr(name)} is undefined");

    public static UndefinedValue Member(object? owner, object? name) => new(owner, name, null);

    public static UndefinedValue Because(string reason) => new(null, null, reason);

    /// <summary>An attribute that exists in Python but is out of a template's reach.</summary>
    public static UndefinedValue Unsafe(object? owner, string name) =>
        Because($"access to attribute {PythonFormat.Repr(name)} of '{TypeName.Of(owner)}' object is unsafe.");

    public JinjaException Fail() => new(_reason ?? (_name is string name
        ? $"'{TypeName.InMessages(_owner)}' has no attribute {PythonFormat.Repr(name)}"
        : $"{TypeName.InMessages(_owner)} has no element {PythonFormat.Repr(_name)}"));
}
