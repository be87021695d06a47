using System.Text.Json;

namespace Patchbay.Server.Http;

/// <summary>What error messages say about JSON values, and the one check that the JSON reader leaves to its caller.</summary>
internal static class JsonText
{
    private const int ShownCharacters = 40;

    /// <summary>The kind of a value with its article, as people say it.</summary>
    public static string NameOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    /// <summary>The value as it was written, cut to what fits into a sentence.</summary>
    public static string Show(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
        {
            return NameOf(value.ValueKind);
        }
        var text = value.GetRawText();
        if (text.Length <= ShownCharacters)
        {
            return text;
        }
        var end = char.IsHighSurrogate(text[ShownCharacters - 1]) ? ShownCharacters - 1 : ShownCharacters;
        return string.Concat(text.AsSpan(0, end), "…");
    }

    /// <summary>Whether any escape could be a surrogate; spares nearly every request the walk.</summary>
    public static bool MayHoldSurrogates(ReadOnlySpan<byte> json) =>
        json.IndexOf("\\ud"u8) >= 0 || json.IndexOf("\\uD"u8) >= 0;

    /// <summary>The path of the first string that holds half a surrogate pair; null where all are whole. Field names are the parser's matter.</summary>
    public static string? FindHalfSurrogate(JsonElement value, string path = "")
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return IsWhole(value.GetRawText()) ? null : path;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    if (FindHalfSurrogate(item, $"{path}[{index++}]") is { } place)
                    {
                        return place;
                    }
                }
                return null;
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    if (FindHalfSurrogate(property.Value, path.Length == 0 ? property.Name : $"{path}.{property.Name}") is { } place)
                    {
                        return place;
                    }
                }
                return null;
            default:
                return null;
        }
    }

    private static bool IsWhole(string quoted)
    {
        var expectLow = false;
        for (var i = 1; i < quoted.Length - 1; i++)
        {
            if (quoted[i] != '\\')
            {
                // An unescaped character was checked as UTF-8; it only matters that it does not follow an escaped high half.
                if (expectLow)
                {
                    return false;
                }
                continue;
            }
            var isUnit = quoted[i + 1] == 'u';
            var unit = isUnit ? (char)Convert.ToUInt16(quoted.Substring(i + 2, 4), 16) : '\0';
            if (expectLow != char.IsLowSurrogate(unit))
            {
                return false;
            }
            expectLow = char.IsHighSurrogate(unit);
            i += isUnit ? 5 : 1;
        }
        return !expectLow;
    }
}
