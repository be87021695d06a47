using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary><c>wordwrap</c>: breaks lines at spaces, and words that are longer than a line.</summary>
internal static class WordWrapFilter
{
    public static object? WordWrap(Evaluator evaluator, object? value, Arguments arguments)
    {
        arguments.Accept("wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
        var text = PythonText.Of(value) ?? throw (value is UndefinedValue undefined
            ? undefined.Fail()
            : new JinjaException($"can only wrap str, not {TypeName.Of(value)}"));
        var width = arguments.GetInteger(0, "width", 79);
        var breaksWords = arguments.GetFlag(1, "break_long_words", true);
        if (width <= 0)
        {
            throw new JinjaException($"invalid width {width} (must be > 0)");
        }

        if (arguments.GetFlag(3, "break_on_hyphens", true) && text.Contains('-'))
        {
            throw new JinjaException("wordwrap of a text with hyphens is supported with break_on_hyphens=false only");
        }

        var separator = arguments.GetText(2, "wrapstring", "\n")!;
        var result = new TextBuilder(evaluator.Budget);
        var isFirst = true;
        foreach (var line in Splitting.Lines(text, keepEnds: false, evaluator.Budget).Items)
        {
            result.Append(isFirst ? "" : separator);
            isFirst = false;
            AppendWrapped(result, (string)line!, width, breaksWords, separator, evaluator.Budget);
        }

        return result.ToString();
    }

    private static void AppendWrapped(TextBuilder result, string line, long width, bool breaksWords, string separator, RenderBudget budget)
    {
        var words = new Stack<string>(Chunks(line, budget).Reverse());
        var isFirst = true;
        while (words.Count > 0)
        {
            // Spaces go where a line was broken, but stay in front of the first line.
            if (!isFirst && IsSpace(words.Peek()))
            {
                words.Pop();
                continue;
            }

            var parts = TakeLine(words, width, breaksWords, budget);
            if (parts.Count > 0 && IsSpace(parts[^1]))
            {
                parts.RemoveAt(parts.Count - 1);
            }

            if (parts.Count > 0)
            {
                result.Append(isFirst ? "" : separator).Append(string.Concat(parts));
                isFirst = false;
            }
        }
    }

    private static List<string> TakeLine(Stack<string> words, long width, bool breaksWords, RenderBudget budget)
    {
        var parts = new List<string>();
        var length = 0L;
        while (words.Count > 0 && length + PythonText.Length(words.Peek()) <= width)
        {
            budget.Step();
            length += PythonText.Length(words.Peek());
            parts.Add(words.Pop());
        }

        if (words.Count > 0 && PythonText.Length(words.Peek()) > width && (breaksWords || parts.Count == 0))
        {
            var word = words.Pop();
            budget.Text(word.Length);
            var cut = breaksWords ? PythonText.UnitIndex(word, Math.Max(width - length, length == 0 ? 1 : 0)) : word.Length;
            parts.Add(word[..cut]);
            if (cut < word.Length)
            {
                words.Push(word[cut..]);
            }
        }

        return parts;
    }

    private static bool IsSpace(string chunk) => chunk.Length == 0 || PythonText.IsSpace(chunk[0]);

    private static IEnumerable<string> Chunks(string line, RenderBudget budget)
    {
        for (var start = 0; start < line.Length;)
        {
            var end = start + 1;
            while (end < line.Length && PythonText.IsSpace(line[end]) == PythonText.IsSpace(line[start]))
            {
                end++;
            }

            budget.Items(1);
            yield return line[start..end];
            start = end;
        }
    }
}
