using System.Globalization;
using System.Text.Json;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>JSON as values: keys keep their order, and 2 stays apart from 2.0.</summary>
internal static class JsonValues
{
    public static object? From(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Object => Dict(element),
        JsonValueKind.Array => List(element),
        JsonValueKind.Number => Number(element),
        JsonValueKind.True => Boxed.True,
        JsonValueKind.False => Boxed.False,
        _ => null,
    };

    private static DictValue Dict(JsonElement element)
    {
        var dict = new DictValue(element.GetPropertyCount());
        foreach (var property in element.EnumerateObject())
        {
            dict.Set(property.Name, From(property.Value));
        }

        return dict;
    }

    private static ListValue List(JsonElement element)
    {
        var items = new object?[element.GetArrayLength()];
        var index = 0;
        foreach (var item in element.EnumerateArray())
        {
            items[index++] = From(item);
        }

        return new ListValue(items);
    }

    private static object Number(JsonElement element)
    {
        if (element.TryGetInt64(out var integer))
        {
            return Boxed.Integer(integer);
        }

        var text = element.GetRawText();
        return text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0
            ? double.Parse(text, CultureInfo.InvariantCulture)
            : PythonNumber.ParseInteger(text, 10L)
                ?? throw new JinjaException($"an integer has more than {PythonNumber.MaxDigits} digits", ChatTemplateErrorKind.Caller);
    }
}
