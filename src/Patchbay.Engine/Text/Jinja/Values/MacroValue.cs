using Patchbay.Engine.Text.Jinja.Python;

namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>A macro with the scope that it was defined in.</summary>
internal sealed class MacroValue(MacroDefinition definition, Scope scope) : ICallable, IHasAttributes
{
    public MacroDefinition Definition { get; } = definition;

    public object? Call(Evaluator evaluator, Arguments arguments) => evaluator.Renderer.CallMacro(Definition, Bind(evaluator, arguments));

    public bool TryGetAttribute(string name, out object? value)
    {
        value = name switch
        {
            "name" => Definition.Name,
            "arguments" => new TupleValue([.. Definition.Parameters]),
            "caller" => Boxed.Bool(Definition.Extras.HasFlag(MacroExtras.Caller)),
            "catch_kwargs" => Boxed.Bool(Definition.Extras.HasFlag(MacroExtras.NamedArguments)),
            "catch_varargs" => Boxed.Bool(Definition.Extras.HasFlag(MacroExtras.PositionalArguments)),
            _ => null,
        };
        return name is "name" or "arguments" or "caller" or "catch_kwargs" or "catch_varargs";
    }

    /// <summary>The scope of one call: parameters, then defaults, which may use the parameters before them.</summary>
    private Scope Bind(Evaluator evaluator, Arguments arguments)
    {
        var parameters = Definition.Parameters;
        var inner = new Scope(scope);
        var positional = arguments.Positional;
        var taken = new bool[arguments.Named.Length];
        var firstDefault = parameters.Length - Definition.Defaults.Length;
        for (var index = 0; index < parameters.Length; index++)
        {
            evaluator.Budget.Scan(taken.Length);
            var name = parameters[index];
            object? value;
            if (index < positional.Length)
            {
                value = positional[index];
            }
            else if (arguments.TryTake(name, taken, out var named))
            {
                value = named;
            }
            else
            {
                // A default that names the parameter itself finds it undefined.
                inner.Set(name, UndefinedValue.Because($"parameter {PythonFormat.Repr(name)} was not provided"));
                if (index < firstDefault)
                {
                    continue;
                }

                value = evaluator.Evaluate(Definition.Defaults[index - firstDefault], inner);
            }

            inner.Set(name, value);
        }

        BindExtras(inner, arguments, taken);
        return inner;
    }

    private void BindExtras(Scope inner, Arguments arguments, bool[] taken)
    {
        var parameters = Definition.Parameters;
        if (Definition.Extras.HasFlag(MacroExtras.Caller) && !parameters.Contains("caller"))
        {
            inner.Set("caller", arguments.TryTake("caller", taken, out var caller) && caller is not null
                ? caller
                : UndefinedValue.Because("No caller defined"));
        }

        var rest = new DictValue();
        for (var index = 0; index < taken.Length; index++)
        {
            if (!taken[index])
            {
                rest.Set(arguments.Named[index].Key, arguments.Named[index].Value);
            }
        }

        if (Definition.Extras.HasFlag(MacroExtras.NamedArguments))
        {
            inner.Set("kwargs", rest);
        }
        else if (rest.Count > 0)
        {
            throw new JinjaException(rest.TryGet("caller", out _)
                ? $"macro {NameInMessages} was invoked with two values for the special caller argument. This is most likely a bug."
                : $"macro {NameInMessages} takes no keyword argument {PythonFormat.Repr(rest.Keys[0])}");
        }

        if (Definition.Extras.HasFlag(MacroExtras.PositionalArguments))
        {
            inner.Set("varargs", new TupleValue(arguments.Positional.Length > parameters.Length ? arguments.Positional[parameters.Length..] : []));
        }
        else if (arguments.Positional.Length > parameters.Length)
        {
            throw new JinjaException($"macro {NameInMessages} takes not more than {parameters.Length} argument(s)");
        }
    }

    private string NameInMessages => PythonFormat.Repr(Definition.Name);
}
