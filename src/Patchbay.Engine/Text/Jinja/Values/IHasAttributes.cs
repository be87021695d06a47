namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>A value with attributes of its own, beside methods.</summary>
internal interface IHasAttributes
{
    bool TryGetAttribute(string name, out object? value);
}
