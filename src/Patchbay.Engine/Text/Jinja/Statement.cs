namespace Patchbay.Engine.Text.Jinja;

/// <summary>A node that writes text or changes variables.</summary>
internal abstract class Statement(int line)
{
    public int Line { get; } = line;
}

internal sealed class TextStatement(string text, int line) : Statement(line)
{
    public string Text { get; } = text;
}

/// <summary><c>{{ value }}</c></summary>
internal sealed class OutputStatement(Expression value, int line) : Statement(line)
{
    public Expression Value { get; } = value;
}

internal sealed class IfStatement((Expression Test, Statement[] Body)[] branches, Statement[] otherwise, int line) : Statement(line)
{
    public (Expression Test, Statement[] Body)[] Branches { get; } = branches;

    public Statement[] Otherwise { get; } = otherwise;
}

internal sealed class ForStatement(
    AssignmentTarget target, Expression iterable, Expression? filter, bool isRecursive, Statement[] body, Statement[] otherwise, int line)
    : Statement(line)
{
    public AssignmentTarget Target { get; } = target;

    public Expression Iterable { get; } = iterable;

    /// <summary>The <c>if</c> of the loop's head: items that fail it do not count as iterations.</summary>
    public Expression? Filter { get; } = filter;

    public bool IsRecursive { get; } = isRecursive;

    public Statement[] Body { get; } = body;

    /// <summary>Runs when there was no iteration.</summary>
    public Statement[] Otherwise { get; } = otherwise;
}

internal sealed class BreakStatement(int line) : Statement(line);

internal sealed class ContinueStatement(int line) : Statement(line);

/// <summary><c>{% set target = value %}</c></summary>
internal sealed class SetStatement(AssignmentTarget target, Expression value, int line) : Statement(line)
{
    public AssignmentTarget Target { get; } = target;

    public Expression Value { get; } = value;
}

/// <summary><c>{% set target | filters %}body{% endset %}</c></summary>
internal sealed class SetBlockStatement(AssignmentTarget target, FilterCall? filters, Statement[] body, int line) : Statement(line)
{
    public AssignmentTarget Target { get; } = target;

    public FilterCall? Filters { get; } = filters;

    public Statement[] Body { get; } = body;
}

internal sealed class WithStatement((AssignmentTarget Target, Expression Value)[] variables, Statement[] body, int line) : Statement(line)
{
    public (AssignmentTarget Target, Expression Value)[] Variables { get; } = variables;

    public Statement[] Body { get; } = body;
}

/// <summary>A body with a scope of its own: <c>generation</c> and <c>autoescape</c> blocks.</summary>
internal sealed class ScopeStatement(Expression? autoEscape, Statement[] body, int line) : Statement(line)
{
    /// <summary>Null leaves escaping as it is.</summary>
    public Expression? AutoEscape { get; } = autoEscape;

    public Statement[] Body { get; } = body;
}

internal sealed class FilterBlockStatement(FilterCall filters, Statement[] body, int line) : Statement(line)
{
    public FilterCall Filters { get; } = filters;

    public Statement[] Body { get; } = body;
}

internal sealed class MacroStatement(MacroDefinition definition, int line) : Statement(line)
{
    public MacroDefinition Definition { get; } = definition;
}

/// <summary><c>{% call target() %}body{% endcall %}</c>: the body is what the macro's <c>caller()</c> renders.</summary>
internal sealed class CallBlockStatement(Call call, MacroDefinition body, int line) : Statement(line)
{
    public Call Call { get; } = call;

    public MacroDefinition Body { get; } = body;
}

/// <summary>A named block, rendered where it stands and again by <c>self.name()</c>.</summary>
internal sealed class BlockStatement(string name, Statement[] body, int line) : Statement(line)
{
    public string Name { get; } = name;

    public Statement[] Body { get; } = body;
}

/// <summary>A statement that needs other templates. There are none, so it fails when it is reached.</summary>
internal sealed class OtherTemplateStatement(string tag, int line) : Statement(line)
{
    public string Tag { get; } = tag;
}

/// <summary>A macro's signature and body; <paramref name="name"/> is null for the body of a call block.</summary>
internal sealed class MacroDefinition(string? name, string[] parameters, Expression[] defaults, Statement[] body, MacroExtras extras)
{
    public string? Name { get; } = name;

    public string[] Parameters { get; } = parameters;

    /// <summary>Defaults of the last parameters.</summary>
    public Expression[] Defaults { get; } = defaults;

    public Statement[] Body { get; } = body;

    public MacroExtras Extras { get; } = extras;
}

/// <summary>What a macro takes beyond its parameters; it does so by mentioning the name in its body.</summary>
[Flags]
internal enum MacroExtras : byte
{
    None = 0,
    Caller = 1,
    NamedArguments = 2,
    PositionalArguments = 4,
}

/// <summary>The left side of an assignment.</summary>
internal abstract class AssignmentTarget;

internal sealed class NameTarget(string name) : AssignmentTarget
{
    public string Name { get; } = name;
}

/// <summary><c>ns.attribute</c>: the only thing in the language that changes in place.</summary>
internal sealed class NamespaceTarget(string name, string attribute) : AssignmentTarget
{
    public string Name { get; } = name;

    public string Attribute { get; } = attribute;
}

internal sealed class TupleTarget(AssignmentTarget[] items) : AssignmentTarget
{
    public AssignmentTarget[] Items { get; } = items;
}
