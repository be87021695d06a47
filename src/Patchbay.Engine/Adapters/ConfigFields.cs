using System.Text.Json;

namespace Patchbay.Engine.Adapters;

/// <summary>Reads fields with their types checked, and remembers which were read.</summary>
internal sealed class ConfigFields(JsonElement root)
{
    private const string File = AdapterFiles.ConfigFile;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public JsonElement? Take(string name)
    {
        _taken.Add(name);
        return root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public bool IsOff(string name) => Take(name) is not { } value || IsOff(value);

    public int Whole(string name, int least, int most) =>
        Take(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var whole) && whole >= least && whole <= most
            ? whole
            : throw Refuse(name, $"a whole number from {least} to {most}");

    public double Number(string name) =>
        Take(name) is { ValueKind: JsonValueKind.Number } value && double.IsFinite(value.GetDouble())
            ? value.GetDouble()
            : throw Refuse(name, "a number");

    public bool Boolean(string name) => Take(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Refuse(name, "true or false"),
    };

    public string? OptionalText(string name) => Take(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Refuse(name, "a string"),
    };

    public (string? Text, IReadOnlyList<string>? List) TextOrList(string name) => Take(name) switch
    {
        null => (null, null),
        { ValueKind: JsonValueKind.String } value => (value.GetString(), null),
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            (null, [.. value.EnumerateArray().Select(item => item.GetString()!)]),
        _ => throw Refuse(name, "a string or a list of strings"),
    };

    public IReadOnlyList<int>? Layers(string name) => Take(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var layer) => [layer],
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _)) =>
            [.. value.EnumerateArray().Select(item => item.GetInt32())],
        _ => throw Refuse(name, "a layer or a list of layers"),
    };

    public IReadOnlyList<(string Key, double Value)> Pattern(string name, double most) => Take(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Object } value when value.EnumerateObject().All(entry =>
            entry.Value.ValueKind == JsonValueKind.Number && entry.Value.GetDouble() is var number && double.IsFinite(number) && number <= most) =>
            [.. value.EnumerateObject().Select(entry => (entry.Name, entry.Value.GetDouble()))],
        _ => throw Refuse(name, "an object of module names and numbers"),
    };

    /// <summary>A list of whole numbers, 0 or more; null if there is none.</summary>
    public IReadOnlyList<int>? Tokens(string name) => Take(name) switch
    {
        null => null,
        { } value when IsTokens(value) => ReadTokens(value),
        _ => throw Refuse(name, "a list of token ids"),
    };

    /// <summary>Lists of token ids by module name; a list without a name has the name null.</summary>
    public IReadOnlyList<(string? Module, IReadOnlyList<int> Tokens)> TokensOfModules(string name) => Take(name) switch
    {
        null => [],
        { } value when IsTokens(value) => [(null, ReadTokens(value))],
        { ValueKind: JsonValueKind.Object } value when value.EnumerateObject().All(entry => IsTokens(entry.Value)) =>
            [.. value.EnumerateObject().Select(entry => ((string?)entry.Name, ReadTokens(entry.Value)))],
        _ => throw Refuse(name, "a list of token ids, or an object of module names and such lists"),
    };

    /// <summary>Layers in order from a list of ranges [first, end); null if there is none.</summary>
    public IReadOnlyList<(int First, int End)>? Ranges(string name) => Take(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } value when value.GetArrayLength() > 0 && value.EnumerateArray().All(item => IsTokens(item) && item.GetArrayLength() == 2) =>
            [.. value.EnumerateArray().Select(item => (item[0].GetInt32(), item[1].GetInt32()))],
        _ => throw Refuse(name, "a list of ranges [first, end)"),
    };

    /// <summary>A nested object with these fields and no others; null if there is none.</summary>
    public ConfigFields? Object(string name, params string[] known)
    {
        if (Take(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(entry => known.Contains(entry.Name))
            ? new ConfigFields(value)
            : throw Refuse(name, $"an object with {string.Join(", ", known)} and nothing else");
    }

    public void RefuseOthers(HashSet<string> ignored)
    {
        foreach (var property in root.EnumerateObject())
        {
            if (!_taken.Contains(property.Name) && !ignored.Contains(property.Name) && !IsOff(property.Value))
            {
                throw new AdapterRefusedException(
                    $"{File}: {property.Name} is not a field that is known here; it may change what the adapter computes.");
            }
        }
    }

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.GetString()!.Length == 0,
        _ => false,
    };

    private static bool IsTokens(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
        && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var token) && token >= 0);

    private static IReadOnlyList<int> ReadTokens(JsonElement value) => [.. value.EnumerateArray().Select(item => item.GetInt32())];

    private AdapterRefusedException Refuse(string name, string expected) =>
        new($"{File}: {name}: expected {expected}, found {(root.TryGetProperty(name, out var value) ? Shortened(value.GetRawText()) : "nothing")}.");

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
