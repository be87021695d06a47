using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Patchbay.Control.Journal;

/// <summary>
/// JSON in the one form of RFC 8785: names sorted by UTF-16 units, no white space, shortest escapes, numbers as
/// ECMAScript writes them. NUL and halves of surrogate pairs become U+FFFD: PostgreSQL and UTF-8 cannot hold them.
/// </summary>
internal static class CanonicalJson
{
    private const int MaxDepth = 32;

    /// <exception cref="ArgumentException">The text is no JSON object, is nested too deep, or holds a number beyond double precision.</exception>
    public static string OfObject(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ArgumentException("Details of an audit record must be a JSON object.", nameof(json));
            }
            var text = new StringBuilder(json.Length);
            Write(text, document.RootElement);
            return text.ToString();
        }
        catch (JsonException exception)
        {
            throw new ArgumentException("Details of an audit record must be a JSON object.", nameof(json), exception);
        }
    }

    public static void WriteMember(StringBuilder text, string name, string? value)
    {
        WriteText(text, name);
        text.Append(':');
        if (value is null)
        {
            text.Append("null");
        }
        else
        {
            WriteText(text, value);
        }
    }

    private static void Write(StringBuilder text, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(text, element);
                break;
            case JsonValueKind.Array:
                var separator = '[';
                foreach (var item in element.EnumerateArray())
                {
                    Write(text.Append(separator), item);
                    separator = ',';
                }
                text.Append(separator == '[' ? "[]" : "]");
                break;
            case JsonValueKind.String:
                WriteText(text, element.GetString()!);
                break;
            case JsonValueKind.Number:
                text.Append(OfNumber(element.GetDouble()));
                break;
            default:
                text.Append(element.GetRawText());
                break;
        }
    }

    private static void WriteObject(StringBuilder text, JsonElement element)
    {
        var separator = '{';
        // Where a name occurs twice the last one counts, as in ECMAScript.
        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }
        foreach (var (name, value) in members)
        {
            WriteText(text.Append(separator), name);
            Write(text.Append(':'), value);
            separator = ',';
        }
        text.Append(separator == '{' ? "{}" : "}");
    }

    private static void WriteText(StringBuilder text, string value)
    {
        text.Append('"');
        for (var i = 0; i < value.Length; i++)
        {
            var unit = value[i];
            if (char.IsHighSurrogate(unit) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
            {
                text.Append(unit).Append(value[++i]);
                continue;
            }
            _ = unit switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\0' => text.Append('\ufffd'),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
                _ => text.Append(char.IsSurrogate(unit) ? '\ufffd' : unit),
            };
        }
        text.Append('"');
    }

    /// <summary>A number as ECMAScript's Number::toString writes it.</summary>
    /// <exception cref="ArgumentException">It is not finite.</exception>
    internal static string OfNumber(double number)
    {
        if (!double.IsFinite(number))
        {
            throw new ArgumentException("Details of an audit record must hold numbers that fit into double precision.", nameof(number));
        }
        if (number == 0)
        {
            return "0";
        }
        // "R" prints the shortest digits that read back as the same number, as 12.5, 1E+16 or 1.5E-05.
        var shortest = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);
        var exponentAt = shortest.IndexOf('E', StringComparison.Ordinal);
        var mantissa = exponentAt < 0 ? shortest : shortest[..exponentAt];
        var exponent = exponentAt < 0 ? 0 : int.Parse(shortest.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = dot < 0 ? mantissa.Length : dot;
        var written = mantissa.Replace(".", "", StringComparison.Ordinal);
        var digits = written.TrimStart('0');
        var point = whole + exponent - (written.Length - digits.Length);
        digits = digits.TrimEnd('0');
        return (number < 0 ? "-" : "") + Place(digits, point);
    }

    // point: how many digits stand before the decimal point.
    private static string Place(string digits, int point)
    {
        if (digits.Length <= point && point <= 21)
        {
            return digits.PadRight(point, '0');
        }
        if (point is > 0 and <= 21)
        {
            return $"{digits[..point]}.{digits[point..]}";
        }
        if (point is > -6 and <= 0)
        {
            return $"0.{new string('0', -point)}{digits}";
        }
        var fraction = digits.Length == 1 ? "" : $".{digits[1..]}";
        var exponent = point - 1;
        return string.Create(CultureInfo.InvariantCulture, $"{digits[0]}{fraction}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent)}");
    }
}
