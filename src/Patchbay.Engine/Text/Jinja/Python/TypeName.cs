using System.Numerics;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>What Python calls the type of a value.</summary>
internal static class TypeName
{
    public static string Of(object? value) => value switch
    {
        null => "NoneType",
        bool => "bool",
        long or BigInteger => "int",
        double => "float",
        string => "str",
        ListValue => "list",
        TupleValue => "tuple",
        DictValue => "dict",
        DictViewValue view => view.Kind switch
        {
            DictViewKind.Keys => "dict_keys",
            DictViewKind.Values => "dict_values",
            _ => "dict_items",
        },
        RangeValue => "range",
        GeneratorValue => "generator",
        UndefinedValue => "Undefined",
        MarkupValue => "Markup",
        BytesValue => "bytes",
        NamespaceValue => "Namespace",
        LoopValue => "LoopContext",
        MacroValue => "Macro",
        MethodValue => "builtin_function_or_method",
        FunctionValue function => function.TypeName,
        CyclerValue => "Cycler",
        JoinerValue => "Joiner",
        _ => "TemplateReference",
    };

    /// <summary>The form used in messages about missing members.</summary>
    public static string InMessages(object? value) => value switch
    {
        null => "None",
        MarkupValue => "markupsafe.Markup object",
        NamespaceValue or CyclerValue or JoinerValue => $"jinja2.utils.{Of(value)} object",
        LoopValue or MacroValue or UndefinedValue or TemplateValue => $"jinja2.runtime.{Of(value)} object",
        _ => $"{Of(value)} object",
    };
}
