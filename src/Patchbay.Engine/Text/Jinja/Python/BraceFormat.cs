using Patchbay.Engine.Text.Jinja.Builtins;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary><c>'{} is {name:>5}'.format(…)</c></summary>
internal sealed class BraceFormat(Evaluator evaluator, object?[] positional, Func<string, object?> named)
{
    private readonly RenderBudget _budget = evaluator.Budget;
    private int _automatic;
    private bool _isManual;

    public string Format(string format, int depth = 0)
    {
        if (depth > 1)
        {
            throw new JinjaException("Max string recursion exceeded");
        }

        var result = new TextBuilder(_budget);
        for (var at = 0; at < format.Length;)
        {
            var brace = format.AsSpan(at).IndexOfAny('{', '}');
            if (brace < 0)
            {
                result.Append(format.AsSpan(at));
                break;
            }

            result.Append(format.AsSpan(at, brace));
            at += brace;
            if (at + 1 < format.Length && format[at + 1] == format[at])
            {
                result.Append(format[at]);
                at += 2;
            }
            else if (format[at] == '}')
            {
                throw new JinjaException("Single '}' encountered in format string");
            }
            else
            {
                var end = EndOfField(format, at);
                result.Append(FormatField(format[(at + 1)..end], depth));
                at = end + 1;
            }
        }

        return result.ToString();
    }

    private static int EndOfField(string format, int at)
    {
        var open = 0;
        for (; at < format.Length; at++)
        {
            open += format[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (open == 0)
            {
                return at;
            }
        }

        throw new JinjaException("expected '}' before end of string");
    }

    private string FormatField(string field, int depth)
    {
        _budget.Step();
        var (name, conversion, specification) = Split(field);
        var value = Lookup(name);
        value = conversion switch
        {
            '\0' => value,
            's' => PythonFormat.Str(value, _budget),
            'r' or 'a' => PythonFormat.Repr(value, _budget),
            _ => throw new JinjaException($"Unknown conversion specifier {conversion}"),
        };
        var inner = specification.Contains('{') ? Format(specification, depth + 1) : specification;
        return inner.Length == 0 ? PythonFormat.Str(value, _budget) : FormatSpecification.Parse(inner).Format(value, _budget);
    }

    private static (string Name, char Conversion, string Specification) Split(string field)
    {
        var bracket = false;
        for (var at = 0; at < field.Length; at++)
        {
            bracket = field[at] switch { '[' => true, ']' => false, _ => bracket };
            if (bracket || field[at] is not ('!' or ':'))
            {
                continue;
            }

            if (field[at] == ':')
            {
                return (field[..at], '\0', field[(at + 1)..]);
            }

            if (at + 1 >= field.Length || (at + 2 < field.Length && field[at + 2] != ':'))
            {
                throw new JinjaException("expected ':' after conversion specifier");
            }

            return (field[..at], field[at + 1], at + 3 <= field.Length ? field[(at + 3)..] : "");
        }

        return (field, '\0', "");
    }

    private object? Lookup(string name)
    {
        var end = name.AsSpan().IndexOfAny('.', '[');
        var first = end < 0 ? name : name[..end];
        var value = First(first);
        for (var at = first.Length; at < name.Length;)
        {
            _budget.Step();
            if (name[at] == '.')
            {
                var next = name.AsSpan(at + 1).IndexOfAny('.', '[');
                next = next < 0 ? name.Length : at + 1 + next;
                value = Members.GetAttribute(evaluator, value, name[(at + 1)..next]);
                at = next;
            }
            else
            {
                var close = name.IndexOf(']', at);
                if (name[at] != '[' || close < 0)
                {
                    throw new JinjaException("Only '.' or '[' may follow ']' in format field specifier");
                }

                var key = name[(at + 1)..close];
                value = Members.GetItem(evaluator, value, long.TryParse(key, out var index) ? index : key);
                at = close + 1;
            }
        }

        return value;
    }

    private object? First(string name)
    {
        if (name.Length == 0)
        {
            return _isManual
                ? throw new JinjaException("cannot switch from manual field specification to automatic field numbering")
                : Positional(_automatic++);
        }

        if (!char.IsAsciiDigit(name[0]))
        {
            return named(name);
        }

        _isManual = true;
        return _automatic > 0
            ? throw new JinjaException("cannot switch from automatic field numbering to manual field specification")
            : Positional(int.TryParse(name, out var index) ? index : int.MaxValue);
    }

    private object? Positional(int index) => index < positional.Length
        ? positional[index]
        : throw new JinjaException($"Replacement index {index} out of range for positional args tuple");
}
