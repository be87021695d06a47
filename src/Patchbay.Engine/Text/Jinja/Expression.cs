using Patchbay.Engine.Text.Jinja.Builtins;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>A node that has a value. Nodes are immutable and shared by all renders of a template.</summary>
internal abstract class Expression;

internal sealed class Constant(object? value) : Expression
{
    public object? Value { get; } = value;
}

internal sealed class Name(string text) : Expression
{
    public string Text { get; } = text;
}

internal sealed class ListLiteral(Expression[] items) : Expression
{
    public Expression[] Items { get; } = items;
}

internal sealed class TupleLiteral(Expression[] items) : Expression
{
    public Expression[] Items { get; } = items;
}

internal sealed class DictLiteral(KeyValuePair<Expression, Expression>[] entries) : Expression
{
    public KeyValuePair<Expression, Expression>[] Entries { get; } = entries;
}

/// <summary><c>target.name</c>: an attribute first, then an item.</summary>
internal sealed class AttributeAccess(Expression target, string name) : Expression
{
    public Expression Target { get; } = target;

    public string Name { get; } = name;
}

/// <summary><c>target[index]</c>: an item first, then an attribute.</summary>
internal sealed class ItemAccess(Expression target, Expression index) : Expression
{
    public Expression Target { get; } = target;

    public Expression Index { get; } = index;
}

internal sealed class SliceAccess(Expression target, Expression? start, Expression? stop, Expression? step) : Expression
{
    public Expression Target { get; } = target;

    public Expression? Start { get; } = start;

    public Expression? Stop { get; } = stop;

    public Expression? Step { get; } = step;
}

internal sealed class Call(Expression target, CallArguments arguments, int line) : Expression
{
    public Expression Target { get; } = target;

    public CallArguments Arguments { get; } = arguments;

    public int Line { get; } = line;
}

/// <summary><c>value | name(arguments)</c>; in a filter block the value is what the block renders.</summary>
internal sealed class FilterCall(Expression? value, string name, FilterFunction? function, CallArguments arguments) : Expression
{
    public Expression? Value { get; } = value;

    public string Name { get; } = name;

    /// <summary>Null when no such filter exists: that is an error only if the call is reached.</summary>
    public FilterFunction? Function { get; } = function;

    public CallArguments Arguments { get; } = arguments;
}

internal sealed class TestCall(Expression value, string name, TestFunction? function, CallArguments arguments) : Expression
{
    public Expression Value { get; } = value;

    public string Name { get; } = name;

    public TestFunction? Function { get; } = function;

    public CallArguments Arguments { get; } = arguments;
}

internal sealed class Conditional(Expression test, Expression then, Expression? otherwise) : Expression
{
    public Expression Test { get; } = test;

    public Expression Then { get; } = then;

    public Expression? Otherwise { get; } = otherwise;
}

internal sealed class And(Expression left, Expression right) : Expression
{
    public Expression Left { get; } = left;

    public Expression Right { get; } = right;
}

internal sealed class Or(Expression left, Expression right) : Expression
{
    public Expression Left { get; } = left;

    public Expression Right { get; } = right;
}

internal sealed class Not(Expression operand) : Expression
{
    public Expression Operand { get; } = operand;
}

internal enum UnaryOperator : byte
{
    Negate,
    Plus,
}

internal sealed class Unary(UnaryOperator kind, Expression operand) : Expression
{
    public UnaryOperator Kind { get; } = kind;

    public Expression Operand { get; } = operand;
}

internal enum BinaryOperator : byte
{
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

internal sealed class Binary(BinaryOperator kind, Expression left, Expression right) : Expression
{
    public BinaryOperator Kind { get; } = kind;

    public Expression Left { get; } = left;

    public Expression Right { get; } = right;
}

/// <summary><c>a ~ b ~ c</c>: the texts of all parts, joined.</summary>
internal sealed class Concatenation(Expression[] parts) : Expression
{
    public Expression[] Parts { get; } = parts;
}

internal enum ComparisonOperator : byte
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// <summary>A chain such as <c>1 &lt; x &lt;= 5</c>.</summary>
internal sealed class Comparison(Expression first, (ComparisonOperator Kind, Expression Operand)[] rest) : Expression
{
    public Expression First { get; } = first;

    public (ComparisonOperator Kind, Expression Operand)[] Rest { get; } = rest;
}

/// <summary>What stands between the parentheses of a call.</summary>
internal sealed class CallArguments(
    Expression[] positional, KeyValuePair<string, Expression>[] named, Expression? star, Expression? doubleStar)
{
    public static readonly CallArguments None = new([], [], null, null);

    public Expression[] Positional { get; } = positional;

    public KeyValuePair<string, Expression>[] Named { get; } = named;

    /// <summary><c>*rest</c></summary>
    public Expression? Star { get; } = star;

    /// <summary><c>**rest</c></summary>
    public Expression? DoubleStar { get; } = doubleStar;
}
