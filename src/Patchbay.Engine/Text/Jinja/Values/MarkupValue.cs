using Patchbay.Engine.Text.Jinja.Python;

namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>Text that counts as HTML already; plain text that is added to it is escaped.</summary>
internal sealed class MarkupValue(string text)
{
    public string Text { get; } = text;

    /// <summary>The value as HTML: escaped, unless it is markup.</summary>
    public static string Escape(object? value, RenderBudget budget)
    {
        if (value is MarkupValue markup)
        {
            return markup.Text;
        }

        var text = PythonFormat.Str(value, budget);
        if (text.AsSpan().IndexOfAny("&<>\"'") < 0)
        {
            return text;
        }

        // The longest replacement has five characters.
        budget.Text(text.Length * 5L);
        return text.Replace("&", "&amp;").Replace(">", "&gt;").Replace("<", "&lt;").Replace("'", "&#39;").Replace("\"", "&#34;");
    }
}
