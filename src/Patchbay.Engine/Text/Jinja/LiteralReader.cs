using System.Globalization;
using System.Numerics;
using System.Text;
using Patchbay.Engine.Text.Jinja.Python;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>Reads the tokens inside a tag that have a value: names, numbers and strings, spelled as in Python.</summary>
internal sealed class LiteralReader(string source)
{
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _names =
        new Dictionary<string, string>().GetAlternateLookup<ReadOnlySpan<char>>();

    public bool TryRead(int at, int line, out Token token, out int end)
    {
        var first = source[at];
        if (char.IsAsciiDigit(first))
        {
            token = ReadNumber(at, line, out end);
            return true;
        }

        if (IsNamePart(first))
        {
            token = ReadName(at, line, out end);
            return true;
        }

        if (first is '\'' or '"' && EndOfString(at) is var close and >= 0)
        {
            end = close + 1;
            var text = source[(at + 1)..close];
            token = new Token(TokenKind.String, text, text.Contains('\\') ? Unescape(text, line) : text, line);
            return true;
        }

        token = default;
        end = at;
        return false;
    }

    private static bool IsNamePart(char value) => value == '_' || char.IsLetterOrDigit(value)
        || char.GetUnicodeCategory(value) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.LetterNumber;

    private Token ReadName(int at, int line, out int end)
    {
        end = at + 1;
        while (end < source.Length && IsNamePart(source[end]))
        {
            end++;
        }

        if (source[at] != '_' && !char.IsLetter(source[at]))
        {
            throw JinjaException.Syntax("Invalid character in identifier", line);
        }

        // One string per name: comparing names at run time is then mostly comparing references.
        var spelling = source.AsSpan(at, end - at);
        if (!_names.TryGetValue(spelling, out var name))
        {
            name = spelling.ToString();
            _names[spelling] = name;
        }

        return new Token(TokenKind.Name, name, null, line);
    }

    private Token ReadNumber(int at, int line, out int end)
    {
        if (source[at] == '0' && at + 1 < source.Length && (source[at + 1] | 0x20) is var letter && letter is 'b' or 'o' or 'x')
        {
            var radix = letter == 'b' ? 2 : letter == 'o' ? 8 : 16;
            end = SkipDigits(at + 2, radix);
            if (end > at + 2)
            {
                return Integer(at, end, PythonNumber.ParseInteger(source.AsSpan(at + 2, end - at - 2), radix), line);
            }
        }

        end = SkipDigits(at, 10);
        var isFloat = false;
        // After a dot the digits are an index: `rows.0.1` is rows[0][1].
        if (at == 0 || source[at - 1] != '.')
        {
            isFloat = SkipFraction(ref end) | SkipExponent(ref end);
        }

        if (isFloat)
        {
            var digits = source[at..end].Replace("_", "");
            return new Token(TokenKind.Float, digits, double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture), line);
        }

        if (source[at] == '0')
        {
            // Leading zeros are no octal number; as in Python only zeros may follow.
            end = at + 1;
            while (end < source.Length && source[end] == '0')
            {
                end++;
            }
        }

        return Integer(at, end, PythonNumber.ParseInteger(source.AsSpan(at, end - at), 10), line);
    }

    private Token Integer(int at, int end, object? value, int line) => value is null
        ? throw JinjaException.Syntax($"an integer has more than {PythonNumber.MaxDigits} digits", line)
        : new Token(TokenKind.Integer, source[at..end], value, line);

    private bool SkipFraction(ref int end)
    {
        if (end + 1 >= source.Length || source[end] != '.' || !char.IsAsciiDigit(source[end + 1]))
        {
            return false;
        }

        end = SkipDigits(end + 1, 10);
        return true;
    }

    private bool SkipExponent(ref int end)
    {
        if (end >= source.Length || source[end] is not ('e' or 'E'))
        {
            return false;
        }

        var digits = end + 1 < source.Length && source[end + 1] is '+' or '-' ? end + 2 : end + 1;
        if (digits >= source.Length || !char.IsAsciiDigit(source[digits]))
        {
            return false;
        }

        end = SkipDigits(digits, 10);
        return true;
    }

    private int SkipDigits(int at, int radix)
    {
        var end = at;
        while (end < source.Length
            && (IsDigit(source[end], radix) || (source[end] == '_' && end + 1 < source.Length && IsDigit(source[end + 1], radix))))
        {
            end++;
        }

        return end;
    }

    private static bool IsDigit(char value, int radix) => radix switch
    {
        16 => char.IsAsciiHexDigit(value),
        _ => value >= '0' && value < '0' + radix,
    };

    private int EndOfString(int at)
    {
        for (var index = at + 1; index < source.Length; index++)
        {
            if (source[index] == source[at])
            {
                return index;
            }

            if (source[index] == '\\')
            {
                index++;
            }
        }

        return -1;
    }

    private static string Unescape(string text, int line)
    {
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\')
            {
                result.Append(text[at]);
                continue;
            }

            at++;
            if (SimpleEscape(text[at]) is { } simple)
            {
                result.Append(simple);
            }
            else if (text[at] is 'x' or 'u' or 'U')
            {
                at = AppendHex(result, text, at, line);
            }
            else if (text[at] is >= '0' and <= '7')
            {
                var value = 0;
                var stop = Math.Min(at + 3, text.Length);
                for (; at < stop && text[at] is >= '0' and <= '7'; at++)
                {
                    value = (value * 8) + (text[at] - '0');
                }

                result.Append((char)value);
                at--;
            }
            else if (text[at] == 'N')
            {
                throw JinjaException.Syntax("characters by name (\\N{...}) are not supported in a string", line);
            }
            else if (text[at] != '\n')
            {
                result.Append('\\').Append(text[at]);
            }
        }

        return result.ToString();
    }

    private static char? SimpleEscape(char letter) => letter switch
    {
        'n' => '\n', 't' => '\t', 'r' => '\r', '\\' => '\\', '\'' => '\'', '"' => '"',
        'a' => '\a', 'b' => '\b', 'f' => '\f', 'v' => '\v',
        _ => null,
    };

    private static int AppendHex(StringBuilder result, string text, int at, int line)
    {
        var length = text[at] switch { 'x' => 2, 'u' => 4, _ => 8 };
        if (at + length >= text.Length
            || !uint.TryParse(text.AsSpan(at + 1, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || value > 0x10FFFF)
        {
            throw JinjaException.Syntax($"truncated or invalid \\{text[at]} escape in a string", line);
        }

        if (value > 0xFFFF)
        {
            result.Append(new Rune(value).ToString());
        }
        else
        {
            result.Append((char)value);
        }

        return at + length;
    }
}
