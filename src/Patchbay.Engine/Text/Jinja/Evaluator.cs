using Patchbay.Engine.Text.Jinja.Builtins;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>Computes the values of expressions for one render. It sees the data that it was given and nothing else.</summary>
internal sealed class Evaluator(RenderBudget budget, Renderer renderer, Func<DateTimeOffset> clock)
{
    public RenderBudget Budget { get; } = budget;

    public Renderer Renderer { get; } = renderer;

    /// <summary>The time that <c>strftime_now</c> tells.</summary>
    public Func<DateTimeOffset> Clock { get; } = clock;

    /// <summary>Whether printed text is escaped as HTML; only <c>autoescape</c> blocks switch it on.</summary>
    public bool AutoEscape { get; set; }

    /// <summary>The line of the template that is being rendered.</summary>
    public int Line { get; set; } = 1;

    public object? Evaluate(Expression expression, Scope scope)
    {
        Budget.Step();
        if (expression is Constant constant)
        {
            return constant.Value;
        }

        if (expression is Name name)
        {
            return Lookup(name.Text, scope);
        }

        Budget.Enter();
        var value = expression switch
        {
            AttributeAccess access => Members.GetAttribute(this, Evaluate(access.Target, scope), access.Name),
            ItemAccess access => Members.GetItem(this, Evaluate(access.Target, scope), Evaluate(access.Index, scope)),
            Call call => EvaluateCall(call, scope),
            FilterCall filter => ApplyFilter(filter, Evaluate(filter.Value!, scope), scope),
            TestCall test => EvaluateTest(test, scope),
            Comparison comparison => EvaluateComparison(comparison, scope),
            Binary binary => Operators.Apply(binary.Kind, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), Budget),
            And and => Evaluate(and.Left, scope) is var left && Truth.Of(left) ? Evaluate(and.Right, scope) : left,
            Or or => Evaluate(or.Left, scope) is var left && Truth.Of(left) ? left : Evaluate(or.Right, scope),
            Not not => Boxed.Bool(!Truth.Of(Evaluate(not.Operand, scope))),
            Conditional conditional => EvaluateConditional(conditional, scope),
            SliceAccess slice => EvaluateSlice(slice, scope),
            Concatenation concatenation => Concatenate(concatenation, scope),
            ListLiteral list => new ListValue(EvaluateAll(list.Items, scope)),
            TupleLiteral tuple => new TupleValue(EvaluateAll(tuple.Items, scope)),
            DictLiteral dict => EvaluateDict(dict, scope),
            Unary unary => Operators.Apply(unary.Kind, Evaluate(unary.Operand, scope)),
            _ => throw new InvalidOperationException($"{expression.GetType().Name} is not evaluated"),
        };
        Budget.Leave();
        return value;
    }

    /// <summary>Applies a filter, and those before it, to <paramref name="text"/>, the body of a block.</summary>
    public object? ApplyToBlock(FilterCall filter, object text, Scope scope)
    {
        Budget.Enter();
        var value = ApplyFilter(filter, filter.Value is FilterCall before ? ApplyToBlock(before, text, scope) : text, scope);
        Budget.Leave();
        return value;
    }

    public object? CallValue(object? target, Arguments arguments) => target switch
    {
        ICallable callable => callable.Call(this, arguments),
        UndefinedValue undefined => throw undefined.Fail(),
        _ => throw new JinjaException($"'{TypeName.Of(target)}' object is not callable"),
    };

    public Arguments EvaluateArguments(CallArguments source, Scope scope)
    {
        if (ReferenceEquals(source, CallArguments.None))
        {
            return Arguments.None;
        }

        var positional = EvaluateAll(source.Positional, scope);
        if (source.Star is not null)
        {
            positional = [.. positional, .. Iteration.ToArray(Evaluate(source.Star, scope), Budget)];
        }

        var named = new KeyValuePair<string, object?>[source.Named.Length];
        for (var index = 0; index < named.Length; index++)
        {
            named[index] = new(source.Named[index].Key, Evaluate(source.Named[index].Value, scope));
        }

        return new Arguments(positional, source.DoubleStar is null ? named : [.. named, .. NamedArguments(source.DoubleStar, scope)]);
    }

    private IEnumerable<KeyValuePair<string, object?>> NamedArguments(Expression source, Scope scope)
    {
        var dict = Evaluate(source, scope) as DictValue ?? throw new JinjaException("argument after ** must be a mapping");
        if (dict.Count > RenderLimits.MaxNamedArguments)
        {
            throw new JinjaException($"a call has more than {RenderLimits.MaxNamedArguments} keyword arguments");
        }

        return Enumerable.Range(0, dict.Count).Select(index => new KeyValuePair<string, object?>(
            PythonText.Of(dict.Keys[index]) ?? throw new JinjaException("keywords must be strings"), dict.Values[index]));
    }

    private static object? Lookup(string name, Scope scope) => scope.TryGet(name, out var value) || Globals.TryGet(name, out value)
        ? value
        : UndefinedValue.Variable(name);

    private object?[] EvaluateAll(Expression[] expressions, Scope scope)
    {
        Budget.Items(expressions.Length);
        var values = new object?[expressions.Length];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = Evaluate(expressions[index], scope);
        }

        return values;
    }

    private DictValue EvaluateDict(DictLiteral literal, Scope scope)
    {
        Budget.Items(literal.Entries.Length);
        var dict = new DictValue(literal.Entries.Length);
        foreach (var (key, value) in literal.Entries)
        {
            var keyValue = Evaluate(key, scope);
            Budget.Key(keyValue);
            dict.Set(keyValue, Evaluate(value, scope));
        }

        return dict;
    }

    private object? EvaluateCall(Call call, Scope scope)
    {
        Line = call.Line;
        if (call.Target is not AttributeAccess access)
        {
            return CallValue(Evaluate(call.Target, scope), EvaluateArguments(call.Arguments, scope));
        }

        // A method that is called at once needs no value of its own.
        var target = Evaluate(access.Target, scope);
        if (target is not null && Methods.Exists(target, access.Name))
        {
            return Methods.Call(this, target, access.Name, EvaluateArguments(call.Arguments, scope));
        }

        return CallValue(Members.GetAttribute(this, target, access.Name), EvaluateArguments(call.Arguments, scope));
    }

    private object? ApplyFilter(FilterCall filter, object? value, Scope scope)
    {
        var function = filter.Function ?? throw new JinjaException($"No filter named '{filter.Name}' found.");
        return function(this, value, EvaluateArguments(filter.Arguments, scope));
    }

    private object EvaluateTest(TestCall test, Scope scope)
    {
        var value = Evaluate(test.Value, scope);
        var function = test.Function ?? throw new JinjaException($"No test named '{test.Name}' found.");
        return Boxed.Bool(function(this, value, EvaluateArguments(test.Arguments, scope)));
    }

    private object? EvaluateConditional(Conditional conditional, Scope scope)
    {
        if (Truth.Of(Evaluate(conditional.Test, scope)))
        {
            return Evaluate(conditional.Then, scope);
        }

        return conditional.Otherwise is null
            ? UndefinedValue.Because("the inline if-expression evaluated to false and no else section was defined.")
            : Evaluate(conditional.Otherwise, scope);
    }

    private object EvaluateComparison(Comparison comparison, Scope scope)
    {
        var left = Evaluate(comparison.First, scope);
        foreach (var (kind, operand) in comparison.Rest)
        {
            var right = Evaluate(operand, scope);
            if (!Compare(kind, left, right))
            {
                return Boxed.False;
            }

            left = right;
        }

        return Boxed.True;
    }

    private bool Compare(ComparisonOperator kind, object? left, object? right) => kind switch
    {
        ComparisonOperator.Equal => Equality.AreEqual(left, right, Budget),
        ComparisonOperator.NotEqual => !Equality.AreEqual(left, right, Budget),
        ComparisonOperator.In => Equality.Contains(right, left, Budget),
        ComparisonOperator.NotIn => !Equality.Contains(right, left, Budget),
        ComparisonOperator.Less => Equality.Order(left, right, "<", Budget) < 0,
        ComparisonOperator.LessOrEqual => Equality.Order(left, right, "<=", Budget) <= 0,
        ComparisonOperator.Greater => !PythonNumber.IsNan(left, right) && Equality.Order(left, right, ">", Budget) > 0,
        _ => !PythonNumber.IsNan(left, right) && Equality.Order(left, right, ">=", Budget) >= 0,
    };

    private object EvaluateSlice(SliceAccess slice, Scope scope)
    {
        var target = Evaluate(slice.Target, scope);
        var start = slice.Start is null ? null : Evaluate(slice.Start, scope);
        var stop = slice.Stop is null ? null : Evaluate(slice.Stop, scope);
        var step = slice.Step is null ? null : Evaluate(slice.Step, scope);
        return Slicing.Slice(target, start, stop, step, Budget);
    }

    private object Concatenate(Concatenation concatenation, Scope scope)
    {
        var values = new object?[concatenation.Parts.Length];
        var asMarkup = false;
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = Evaluate(concatenation.Parts[index], scope);
            asMarkup |= AutoEscape && values[index] is MarkupValue;
        }

        var texts = Array.ConvertAll(values, value => asMarkup ? MarkupValue.Escape(value, Budget) : PythonFormat.Str(value, Budget));
        var length = 0L;
        foreach (var text in texts)
        {
            length += text.Length;
        }

        Budget.Text(length);
        var joined = string.Concat(texts);
        return asMarkup ? new MarkupValue(joined) : joined;
    }
}
