using System.Numerics;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>What counts as true: everything but None, false, zero, the empty and the undefined.</summary>
internal static class Truth
{
    public static bool Of(object? value) => value switch
    {
        null => false,
        bool flag => flag,
        string text => text.Length > 0,
        long number => number != 0,
        BigInteger => true,
        double number => number != 0,
        SequenceValue sequence => sequence.Items.Length > 0,
        DictValue dict => dict.Count > 0,
        DictViewValue view => view.Dict.Count > 0,
        RangeValue range => range.Count > 0,
        UndefinedValue => false,
        MarkupValue markup => markup.Text.Length > 0,
        BytesValue bytes => bytes.Bytes.Length > 0,
        _ => true,
    };
}
