using System.Globalization;
using System.Text.Json;

namespace Patchbay.Server.Judges;

/// <summary>
/// The part of JSON Schema that says whether a model's answer has the right shape: type, properties, required,
/// additionalProperties, items, enum, const, minimum and maximum, and the limits of lengths. A schema with any other keyword is
/// refused by name, for a judge that ignores half of its schema would praise wrong answers.
/// </summary>
internal sealed class JsonSchema
{
    private const int MaxDepth = 32;

    private readonly HashSet<string> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonSchema> _properties = new(StringComparer.Ordinal);
    private readonly List<string> _required = [];
    private readonly List<JsonElement> _values = [];
    private JsonSchema? _items, _additional;
    private bool _allowsAdditional = true, _hasValues;
    private double _minimum = double.NegativeInfinity, _maximum = double.PositiveInfinity;
    private int _minLength, _minItems, _maxLength = int.MaxValue, _maxItems = int.MaxValue;

    private JsonSchema()
    {
    }

    /// <summary>Reads a schema; null comes with the path of the keyword and what is wrong with it.</summary>
    public static JsonSchema? TryRead(JsonElement schema, out (string Path, string Message) problem)
    {
        try
        {
            problem = default;
            return Read(schema, "", 0);
        }
        catch (SchemaException exception)
        {
            problem = (exception.Path, exception.Message);
            return null;
        }
    }

    /// <summary>Whether a value has the shape.</summary>
    public bool IsSatisfiedBy(JsonElement value) =>
        (_types.Count == 0 || HasType(value))
        && (!_hasValues || _values.Exists(allowed => JsonElement.DeepEquals(allowed, value)))
        && value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetDouble(out var number) && number >= _minimum && number <= _maximum,
            JsonValueKind.String => IsBetween(new StringInfo(value.GetString()!).LengthInTextElements, _minLength, _maxLength),
            JsonValueKind.Array => IsBetween(value.GetArrayLength(), _minItems, _maxItems) && (_items is null || value.EnumerateArray().All(_items.IsSatisfiedBy)),
            JsonValueKind.Object => IsObjectSatisfied(value),
            _ => true,
        };

    private static bool IsBetween(int count, int least, int most) => count >= least && count <= most;

    private bool IsObjectSatisfied(JsonElement value)
    {
        foreach (var property in value.EnumerateObject())
        {
            var schema = _properties.GetValueOrDefault(property.Name);
            if (schema is null ? !_allowsAdditional || _additional?.IsSatisfiedBy(property.Value) == false : !schema.IsSatisfiedBy(property.Value))
            {
                return false;
            }
        }
        return _required.TrueForAll(name => value.TryGetProperty(name, out _));
    }

    private bool HasType(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => _types.Contains("object"),
        JsonValueKind.Array => _types.Contains("array"),
        JsonValueKind.String => _types.Contains("string"),
        JsonValueKind.True or JsonValueKind.False => _types.Contains("boolean"),
        JsonValueKind.Null => _types.Contains("null"),
        // 1.0 is an integer too, as the specification has it.
        _ => _types.Contains("number") || (_types.Contains("integer") && value.TryGetDouble(out var number) && Math.Floor(number) == number),
    };

    private static JsonSchema Read(JsonElement json, string path, int depth)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new SchemaException(path, "must be an object");
        }
        if (depth > MaxDepth)
        {
            throw new SchemaException(path, $"goes more than {MaxDepth} levels deep");
        }
        var schema = new JsonSchema();
        foreach (var keyword in json.EnumerateObject())
        {
            schema.ReadKeyword(keyword.Name, keyword.Value, path.Length == 0 ? keyword.Name : $"{path}.{keyword.Name}", depth);
        }
        return schema;
    }

    private void ReadKeyword(string keyword, JsonElement value, string path, int depth)
    {
        switch (keyword)
        {
            case "title" or "description" or "$schema":
                break;
            case "type":
                ReadTypes(value, path);
                break;
            case "properties":
                foreach (var property in Expect(value, JsonValueKind.Object, path).EnumerateObject())
                {
                    _properties[property.Name] = Read(property.Value, $"{path}.{property.Name}", depth + 1);
                }
                break;
            case "required":
                _required.AddRange(Expect(value, JsonValueKind.Array, path).EnumerateArray().Select(name => Expect(name, JsonValueKind.String, path).GetString()!));
                break;
            case "additionalProperties" when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                _allowsAdditional = value.GetBoolean();
                break;
            case "additionalProperties":
                _additional = Read(value, path, depth + 1);
                break;
            case "items":
                _items = Read(value, path, depth + 1);
                break;
            case "enum":
                _hasValues = true;
                _values.AddRange(Expect(value, JsonValueKind.Array, path).EnumerateArray().Select(allowed => allowed.Clone()));
                break;
            case "const":
                _hasValues = true;
                _values.Add(value.Clone());
                break;
            default:
                ReadLimit(keyword, value, path);
                break;
        }
    }

    private void ReadTypes(JsonElement value, string path)
    {
        foreach (var type in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value])
        {
            var name = Expect(type, JsonValueKind.String, path).GetString()!;
            if (name is not ("object" or "array" or "string" or "number" or "integer" or "boolean" or "null"))
            {
                throw new SchemaException(path, "must be object, array, string, number, integer, boolean or null");
            }
            _types.Add(name);
        }
    }

    private void ReadLimit(string keyword, JsonElement value, string path)
    {
        switch (keyword)
        {
            case "minimum":
                _minimum = Expect(value, JsonValueKind.Number, path).GetDouble();
                break;
            case "maximum":
                _maximum = Expect(value, JsonValueKind.Number, path).GetDouble();
                break;
            case "minLength":
                _minLength = Count(value, path);
                break;
            case "maxLength":
                _maxLength = Count(value, path);
                break;
            case "minItems":
                _minItems = Count(value, path);
                break;
            case "maxItems":
                _maxItems = Count(value, path);
                break;
            default:
                throw new SchemaException(path, "is a keyword that this judge does not know");
        }
    }

    private static int Count(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= 0 ? count : throw new SchemaException(path, "must be a whole number, 0 or more");

    private static JsonElement Expect(JsonElement value, JsonValueKind kind, string path) =>
        value.ValueKind == kind ? value : throw new SchemaException(path, $"must be {(kind is JsonValueKind.Array or JsonValueKind.Object ? "an" : "a")} {kind.ToString().ToLowerInvariant()}");

    private sealed class SchemaException(string path, string message) : Exception(message)
    {
        public string Path { get; } = path;
    }
}
