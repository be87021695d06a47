using System.Globalization;
using System.Text.Json;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>
/// A value of a JSON file together with its path, so that every refusal names the field, what was expected and what was
/// found.
/// </summary>
internal readonly record struct Field(string Path, JsonElement Value)
{
    private const int LongestShortString = 256;

    /// <summary>The value of a property; null when it is missing or null.</summary>
    public Field? Find(string name)
    {
        if (Value.ValueKind != JsonValueKind.Object)
        {
            throw Refuse("an object");
        }

        return Value.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? new Field($"{Path}.{name}", value) : null;
    }

    public Field Get(string name) =>
        Find(name) ?? throw new InvalidDataException($"{Path}.{name}: expected a value, found none.");

    public string GetString(string name) => Get(name).AsString();

    public bool GetBoolean(string name, bool absent) => Find(name)?.AsBoolean() ?? absent;

    public int GetInteger(string name, int absent) => Find(name)?.AsInteger() ?? absent;

    /// <summary>A text of exactly one character.</summary>
    public char GetCharacter(string name) =>
        GetString(name) is { Length: 1 } text ? text[0] : throw Get(name).Refuse("one character");

    /// <summary>One of the names of an enumeration.</summary>
    public TEnum GetChoice<TEnum>(string name, TEnum absent)
        where TEnum : struct, Enum
    {
        if (Find(name) is not { } field)
        {
            return absent;
        }

        var text = field.AsString();
        foreach (var value in Enum.GetValues<TEnum>())
        {
            if (string.Equals(value.ToString(), text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        throw field.Refuse($"one of {string.Join(", ", Enum.GetNames<TEnum>())}");
    }

    public IEnumerable<Field> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array)
        {
            throw Refuse("an array");
        }

        var path = Path;
        return Value.EnumerateArray().Select((item, index) => new Field($"{path}[{index.ToString(CultureInfo.InvariantCulture)}]", item));
    }

    public string AsString()
    {
        if (Value.ValueKind != JsonValueKind.String)
        {
            throw Refuse("a string");
        }

        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new InvalidDataException($"{Path}: expected text, found a lone surrogate.");
        }
    }

    /// <summary>A text that is written again and again, so that its length bounds what a text can grow to.</summary>
    public string AsShortString() =>
        AsString() is { Length: <= LongestShortString } text ? text : throw Refuse($"at most {LongestShortString} characters");

    public bool AsBoolean() =>
        Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Value.GetBoolean() : throw Refuse("true or false");

    public int AsInteger() =>
        Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var number) ? number : throw Refuse("a 32-bit integer");

    public double AsNumber() =>
        Value.ValueKind == JsonValueKind.Number && Value.TryGetDouble(out var number) ? number : throw Refuse("a number");

    public InvalidDataException Refuse(string expected)
    {
        var found = Value.GetRawText();
        return new InvalidDataException($"{Path}: expected {expected}, found {(found.Length > 60 ? found[..60] + "…" : found)}.");
    }
}
