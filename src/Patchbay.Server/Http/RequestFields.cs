using System.Globalization;
using System.Text.Json;

namespace Patchbay.Server.Http;

/// <summary>
/// Reads the fields of a request one by one and remembers everything that is wrong, so that a caller mends all of it at
/// once. A field that is null counts as absent, as OpenAI does it; a field that nobody asks for is ignored.
/// </summary>
internal sealed class RequestFields(JsonElement root)
{
    private readonly List<(string Field, string Code, string Sentence)> _problems = [];

    /// <summary>The whole object.</summary>
    public JsonElement Root => root;

    /// <summary>All problems as one error about the first field, or null.</summary>
    public ApiError? Error => _problems.Count == 0
        ? null
        : ApiError.Invalid(string.Join(' ', _problems.Select(problem => problem.Sentence)), _problems[0].Field, _problems[0].Code);

    public bool TryGet(string field, out JsonElement value) =>
        root.TryGetProperty(field, out value) && value.ValueKind != JsonValueKind.Null;

    public void Report(string field, string sentence, string code = "invalid_value") => _problems.Add((field, code, sentence));

    /// <summary>Reports a value of the wrong kind or outside its range.</summary>
    public void Expect(string field, string expected, JsonElement found) =>
        Report(field, $"'{field}' must be {expected}; found {JsonText.Show(found)}.");

    /// <summary>Refuses a field that would change the answer in a way this server cannot.</summary>
    /// <param name="harmless">Values that ask for nothing, as raw JSON.</param>
    public void Refuse(string field, string instead, params ReadOnlySpan<string> harmless)
    {
        if (TryGet(field, out var value) && !harmless.Contains(value.GetRawText()))
        {
            Report(field, $"'{field}' is not supported; {instead}", "unsupported_parameter");
        }
    }

    public string? Text(string field)
    {
        if (!TryGet(field, out var value))
        {
            return null;
        }
        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString();
        }
        Expect(field, "a string", value);
        return null;
    }

    public bool Flag(string field, bool otherwise = false)
    {
        if (!TryGet(field, out var value))
        {
            return otherwise;
        }
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            Expect(field, "true or false", value);
            return otherwise;
        }
        return value.GetBoolean();
    }

    public float Number(string field, double least, double most, double otherwise)
    {
        if (!TryGet(field, out var value))
        {
            return (float)otherwise;
        }
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !(number >= least && number <= most))
        {
            Expect(field, string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"), value);
            return (float)otherwise;
        }
        return (float)number;
    }

    public int? Integer(string field, int least, int most)
    {
        if (!TryGet(field, out var value))
        {
            return null;
        }
        if (!TryGetWhole(value, out var number) || number < least || number > most)
        {
            Expect(field, most == int.MaxValue ? $"a whole number, {least} or more" : $"a whole number from {least} to {most}", value);
            return null;
        }
        return (int)number;
    }

    public JsonElement? Object(string field) => OfKind(field, JsonValueKind.Object);

    public JsonElement? Array(string field) => OfKind(field, JsonValueKind.Array);

    /// <summary>Reads a JSON number without a fraction; beyond 64 bits it is cut to the nearest of them.</summary>
    public static bool TryGetWhole(JsonElement value, out long number)
    {
        number = 0;
        if (value.ValueKind != JsonValueKind.Number)
        {
            return false;
        }
        if (value.TryGetInt64(out number))
        {
            return true;
        }
        if (!value.TryGetDouble(out var real) || Math.Floor(real) != real)
        {
            return false;
        }
        number = real >= long.MaxValue ? long.MaxValue : real <= long.MinValue ? long.MinValue : (long)real;
        return true;
    }

    private JsonElement? OfKind(string field, JsonValueKind kind)
    {
        if (!TryGet(field, out var value))
        {
            return null;
        }
        if (value.ValueKind == kind)
        {
            return value;
        }
        Expect(field, JsonText.NameOf(kind), value);
        return null;
    }
}
