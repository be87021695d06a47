using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>Executes statements for one render and collects the text that they print.</summary>
internal sealed class Renderer
{
    /// <summary>What comes after a statement.</summary>
    private enum Flow : byte
    {
        Next,
        Break,
        Continue,
    }

    private readonly ParsedTemplate _template;
    private readonly RenderBudget _budget;
    private readonly Scope _root;
    private TextBuilder _output;

    public Renderer(ParsedTemplate template, Scope variables, RenderLimits limits, Func<DateTimeOffset> clock)
    {
        _template = template;
        _root = variables;
        _budget = new RenderBudget(limits);
        _output = new TextBuilder(_budget);
        Evaluator = new Evaluator(_budget, this, clock);
    }

    public Evaluator Evaluator { get; }

    public string Render()
    {
        _root.Set("self", new TemplateValue(_template.Blocks));
        Execute(_template.Body, _root);
        return _output.ToString();
    }

    /// <summary>The text of a macro's body, whose parameters are in <paramref name="scope"/>.</summary>
    public object CallMacro(MacroDefinition macro, Scope scope)
    {
        var line = Evaluator.Line;
        var text = Capture(macro.Body, scope);
        Evaluator.Line = line;
        return text;
    }

    public object RenderBlock(BlockStatement block) => Capture(block.Body, new Scope(_root));

    private Flow Execute(Statement[] body, Scope scope)
    {
        _budget.Enter();
        var flow = Flow.Next;
        foreach (var statement in body)
        {
            flow = Execute(statement, scope);
            if (flow != Flow.Next)
            {
                break;
            }
        }

        _budget.Leave();
        return flow;
    }

    private Flow Execute(Statement statement, Scope scope)
    {
        _budget.Step();
        Evaluator.Line = statement.Line;
        switch (statement)
        {
            case TextStatement text: _output.Append(text.Text); return Flow.Next;
            case OutputStatement output: Write(Evaluator.Evaluate(output.Value, scope)); return Flow.Next;
            case IfStatement choice: return ExecuteIf(choice, scope);
            case ForStatement loop: return ExecuteLoop(loop, Evaluator.Evaluate(loop.Iterable, scope), 0, scope);
            case SetStatement set: Assign(set.Target, Evaluator.Evaluate(set.Value, scope), scope); return Flow.Next;
            case SetBlockStatement set: ExecuteSetBlock(set, scope); return Flow.Next;
            case MacroStatement macro: scope.Set(macro.Definition.Name!, new MacroValue(macro.Definition, scope)); return Flow.Next;
            case CallBlockStatement call: ExecuteCallBlock(call, scope); return Flow.Next;
            case FilterBlockStatement filter:
                Write(Evaluator.ApplyToBlock(filter.Filters, Capture(filter.Body, new Scope(scope)), scope));
                return Flow.Next;
            case WithStatement with: return ExecuteWith(with, scope);
            case ScopeStatement inner: return ExecuteScope(inner, scope);
            case BlockStatement block: return Execute(block.Body, new Scope(_root));
            case BreakStatement: return Flow.Break;
            case ContinueStatement: return Flow.Continue;
            case OtherTemplateStatement other:
                throw new JinjaException($"{{% {other.Tag} %}} needs another template, but a chat template stands alone");
            default:
                throw new InvalidOperationException($"{statement.GetType().Name} is not executed");
        }
    }

    private void Write(object? value) => _output.Append(Evaluator.AutoEscape
        ? MarkupValue.Escape(value, _budget)
        : PythonFormat.Str(value, _budget));

    private Flow ExecuteIf(IfStatement choice, Scope scope)
    {
        foreach (var (test, body) in choice.Branches)
        {
            if (Truth.Of(Evaluator.Evaluate(test, scope)))
            {
                return Execute(body, scope);
            }
        }

        return Execute(choice.Otherwise, scope);
    }

    private Flow ExecuteLoop(ForStatement statement, object? iterable, int depth, Scope scope)
    {
        var items = Iteration.Of(iterable, _budget);
        var loop = statement.Filter is null
            ? new LoopValue(items, Iteration.Count(iterable, _budget), depth, Recursion(statement, scope))
            : new LoopValue(Filter(statement, items, scope), null, depth, Recursion(statement, scope));
        if (!loop.MoveNext(out var item))
        {
            return Execute(statement.Otherwise, new Scope(scope));
        }

        do
        {
            var inner = new Scope(scope);
            inner.Set("loop", loop);
            Assign(statement.Target, item, inner);
            if (Execute(statement.Body, inner) == Flow.Break)
            {
                break;
            }
        }
        while (loop.MoveNext(out item));

        return Flow.Next;
    }

    /// <summary>Tests an item only when the loop comes to it: the body may change what the test reads.</summary>
    private IEnumerable<object?> Filter(ForStatement statement, IEnumerable<object?> items, Scope scope)
    {
        foreach (var item in items)
        {
            var inner = new Scope(scope);
            Assign(statement.Target, item, inner);
            if (Truth.Of(Evaluator.Evaluate(statement.Filter!, inner)))
            {
                yield return item;
            }
        }
    }

    private Func<object?, int, object?>? Recursion(ForStatement statement, Scope scope)
    {
        if (!statement.IsRecursive)
        {
            return null;
        }

        return (iterable, depth) =>
        {
            var outer = _output;
            _output = new TextBuilder(_budget);
            ExecuteLoop(statement, iterable, depth, scope);
            return Release(outer);
        };
    }

    private void ExecuteSetBlock(SetBlockStatement set, Scope scope)
    {
        var text = Capture(set.Body, new Scope(scope));
        Assign(set.Target, set.Filters is null ? text : Evaluator.ApplyToBlock(set.Filters, text, scope), scope);
    }

    private void ExecuteCallBlock(CallBlockStatement statement, Scope scope)
    {
        var caller = new MacroValue(statement.Body, scope);
        var arguments = Evaluator.EvaluateArguments(statement.Call.Arguments, scope);
        var withCaller = new Arguments(arguments.Positional, [.. arguments.Named, new("caller", caller)]);
        Write(Evaluator.CallValue(Evaluator.Evaluate(statement.Call.Target, scope), withCaller));
    }

    private Flow ExecuteWith(WithStatement with, Scope scope)
    {
        var inner = new Scope(scope);
        foreach (var (target, value) in with.Variables)
        {
            Assign(target, Evaluator.Evaluate(value, scope), inner);
        }

        return Execute(with.Body, inner);
    }

    private Flow ExecuteScope(ScopeStatement statement, Scope scope)
    {
        var outer = Evaluator.AutoEscape;
        if (statement.AutoEscape is not null)
        {
            Evaluator.AutoEscape = Truth.Of(Evaluator.Evaluate(statement.AutoEscape, scope));
        }

        var flow = Execute(statement.Body, new Scope(scope));
        Evaluator.AutoEscape = outer;
        return flow;
    }

    private object Capture(Statement[] body, Scope scope)
    {
        var outer = _output;
        _output = new TextBuilder(_budget);
        Execute(body, scope);
        return Release(outer);
    }

    private object Release(TextBuilder outer)
    {
        var text = _output.ToString();
        _output = outer;
        return Evaluator.AutoEscape ? new MarkupValue(text) : text;
    }

    private void Assign(AssignmentTarget target, object? value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case NamespaceTarget member:
                if (!scope.TryGet(member.Name, out var found) || found is not NamespaceValue space)
                {
                    throw new JinjaException("cannot assign attribute on non-namespace object");
                }

                _budget.Items(1);
                space.Set(member.Attribute, value);
                break;
            case TupleTarget tuple:
                Unpack(tuple, value, scope);
                break;
        }
    }

    private void Unpack(TupleTarget target, object? value, Scope scope)
    {
        if (value is UndefinedValue)
        {
            value = new ListValue([]);
        }

        var items = Iteration.TryGet(value, _budget)?.Take(target.Items.Length + 1).ToArray()
            ?? throw new JinjaException($"cannot unpack non-iterable {TypeName.Of(value)} object");
        if (items.Length != target.Items.Length)
        {
            throw new JinjaException(items.Length < target.Items.Length
                ? $"not enough values to unpack (expected {target.Items.Length}, got {items.Length})"
                : $"too many values to unpack (expected {target.Items.Length})");
        }

        for (var index = 0; index < items.Length; index++)
        {
            Assign(target.Items[index], items[index], scope);
        }
    }
}
