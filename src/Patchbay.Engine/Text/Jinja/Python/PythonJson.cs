using System.Globalization;
using System.Numerics;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary><c>json.dumps</c> with the options that <c>tojson</c> has.</summary>
internal sealed class PythonJson(RenderBudget budget, bool ensureAscii, string? indent, string itemSeparator, string keySeparator, bool sortKeys)
{
    private readonly TextBuilder _text = new(budget);
    private int _level;

    public string Write(object? value)
    {
        WriteValue(value);
        return _text.ToString();
    }

    private void WriteValue(object? value)
    {
        budget.Step();
        switch (value)
        {
            case string or MarkupValue: WriteText(PythonText.Of(value)!); break;
            case DictValue dict: WriteDict(dict); break;
            case SequenceValue sequence: WriteSequence(sequence.Items); break;
            case null or bool or long or BigInteger or double: _text.Append(Simple(value)); break;
            default: throw new JinjaException($"Object of type {TypeName.Of(value)} is not JSON serializable");
        }
    }

    private static string Simple(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        BigInteger number => PythonFormat.IntegerText(number),
        double number when !double.IsFinite(number) => double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity",
        _ => FloatFormat.Repr((double)value),
    };

    private void WriteSequence(object?[] items)
    {
        if (items.Length == 0)
        {
            _text.Append("[]");
            return;
        }

        Open('[');
        for (var index = 0; index < items.Length; index++)
        {
            Separate(index);
            WriteValue(items[index]);
        }

        Close(']');
    }

    private void WriteDict(DictValue dict)
    {
        if (dict.Count == 0)
        {
            _text.Append("{}");
            return;
        }

        Open('{');
        var order = Enumerable.Range(0, dict.Count).ToArray();
        if (sortKeys)
        {
            order = StableSort.Sort(order, (a, b) => Equality.Order(dict.Keys[a], dict.Keys[b], "<", budget));
        }

        for (var index = 0; index < order.Length; index++)
        {
            Separate(index);
            WriteText(KeyText(dict.Keys[order[index]]));
            _text.Append(keySeparator);
            WriteValue(dict.Values[order[index]]);
        }

        Close('}');
    }

    private static string KeyText(object? key) => key switch
    {
        string or MarkupValue => PythonText.Of(key)!,
        null or bool or long or BigInteger or double => Simple(key),
        _ => throw new JinjaException($"keys must be str, int, float, bool or None, not {TypeName.Of(key)}"),
    };

    private void Open(char bracket)
    {
        budget.Enter();
        _level++;
        _text.Append(bracket);
    }

    private void Separate(int index)
    {
        if (index > 0)
        {
            _text.Append(itemSeparator);
        }

        NewLine();
    }

    private void Close(char bracket)
    {
        budget.Leave();
        _level--;
        NewLine();
        _text.Append(bracket);
    }

    private void NewLine()
    {
        if (indent is null)
        {
            return;
        }

        _text.Append('\n');
        for (var level = 0; level < _level; level++)
        {
            _text.Append(indent);
        }
    }

    private void WriteText(string text)
    {
        _text.Append('"');
        var plainFrom = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] is >= ' ' and not ('"' or '\\') && (text[at] < '\x80' || !ensureAscii))
            {
                continue;
            }

            _text.Append(text.AsSpan(plainFrom, at - plainFrom)).Append(Escape(text[at]));
            plainFrom = at + 1;
        }

        _text.Append(text.AsSpan(plainFrom)).Append('"');
    }

    private static string Escape(char value) => value switch
    {
        '"' => "\\\"",
        '\\' => @"\\",
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        '\f' => @"\f",
        '\b' => @"\b",
        _ => $"\\u{(int)value:x4}",
    };
}
