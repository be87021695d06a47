using System.Globalization;
using System.Text.Json;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>JSON as values: keys keep their order, and 2 stays apart from 2.0.</summary>
internal static class JsonValues
{
    /// <summary>Far beyond any conversation, and within what printing such a value can take.</summary>
    private const int MaxDepth = 256;

    /// <summary>The value; throws <see cref="ChatTemplateException"/> for data that no template could print.</summary>
    public static object? From(JsonElement element, int depth = 0) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Object or JsonValueKind.Array when depth >= MaxDepth => throw new ChatTemplateException(
            ChatTemplateErrorKind.Caller, $"the data is nested more than {MaxDepth} levels deep"),
        JsonValueKind.Object => Dict(element, depth + 1),
        JsonValueKind.Array => List(element, depth + 1),
        JsonValueKind.Number => Number(element),
        JsonValueKind.True => Boxed.True,
        JsonValueKind.False => Boxed.False,
        _ => null,
    };

    private static DictValue Dict(JsonElement element, int depth)
    {
        var dict = new DictValue(element.GetPropertyCount());
        foreach (var property in element.EnumerateObject())
        {
            dict.Set(property.Name, From(property.Value, depth));
        }

        return dict;
    }

    private static ListValue List(JsonElement element, int depth)
    {
        var items = new object?[element.GetArrayLength()];
        var index = 0;
        foreach (var item in element.EnumerateArray())
        {
            items[index++] = From(item, depth);
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
                ?? throw new ChatTemplateException(ChatTemplateErrorKind.Caller, $"an integer has more than {PythonNumber.MaxDigits} digits");
    }
}
