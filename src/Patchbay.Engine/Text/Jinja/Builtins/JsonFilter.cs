using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary><c>tojson</c> as chat templates have it: like <c>json.dumps</c>, without escaping for HTML or ASCII.</summary>
internal static class JsonFilter
{
    public static object? ToJson(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        var indent = Indent(arguments.Get(1, "indent"), evaluator.Budget);
        var (itemSeparator, keySeparator) = (indent is null ? ", " : ",", ": ");
        if (arguments.Get(2, "separators") is { } separators)
        {
            if (separators is not SequenceValue { Items: [string item, string key] })
            {
                throw new JinjaException("separators must be a pair of strings");
            }

            (itemSeparator, keySeparator) = (item, key);
        }

        var writer = new PythonJson(
            evaluator.Budget, arguments.GetFlag(0, "ensure_ascii"), indent, itemSeparator, keySeparator, arguments.GetFlag(3, "sort_keys"));
        return writer.Write(value);
    }

    private static string? Indent(object? indent, RenderBudget budget)
    {
        if (indent is null || PythonText.Of(indent) is not null)
        {
            return PythonText.Of(indent);
        }

        var width = Math.Clamp(PythonNumber.ToIndex(indent), 0, int.MaxValue);
        budget.Text(width);
        return new string(' ', (int)width);
    }
}
