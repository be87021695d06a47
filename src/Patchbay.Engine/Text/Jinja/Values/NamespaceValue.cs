using Patchbay.Engine.Text.Jinja.Python;

namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>The one value that a template can change: attributes that survive the scope in which they were set.</summary>
internal sealed class NamespaceValue : IHasAttributes
{
    public DictValue Attributes { get; } = new();

    public bool TryGetAttribute(string name, out object? value) => Attributes.TryGet(name, out value);

    public void Set(string name, object? value)
    {
        if (name.StartsWith('_'))
        {
            throw new JinjaException("Chat templates cannot store underscore-prefixed attributes on a namespace, but got "
                + $"{PythonFormat.Repr(name)}. Please rename the attribute.");
        }

        Attributes.Set(name, value);
    }
}
