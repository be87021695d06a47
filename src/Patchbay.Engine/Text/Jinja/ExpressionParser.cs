using System.Text;
using Patchbay.Engine.Text.Jinja.Builtins;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>
/// Parses expressions by recursive descent, one method per level of precedence, loosest first:
/// conditional, or, and, not, comparison, + -, ~, * / // %, **, unary, postfix and filter, primary.
/// </summary>
internal sealed class ExpressionParser(TokenStream stream)
{
    /// <summary>Deep enough for any written template, shallow enough for every thread's stack.</summary>
    private const int MaxDepth = 100;

    private readonly List<JinjaException> _unknown = [];
    private int _depth;

    /// <summary>Above zero inside <c>if</c>: a filter that does not exist is then an error only if it is reached.</summary>
    public int ConditionalDepth { get; set; }

    /// <summary>Names used since a macro's body began; only <c>caller</c>, <c>kwargs</c> and <c>varargs</c> matter.</summary>
    public MacroExtras ExtrasSeen { get; set; }

    /// <summary>The first filter or test that does not exist though it is reached whatever the data.</summary>
    public JinjaException? FirstUnknown => _unknown.Count == 0 ? null : _unknown[0];

    public Expression ParseExpression(bool withConditional = true)
    {
        if (++_depth > MaxDepth)
        {
            throw stream.Fail($"expressions are nested more than {MaxDepth} levels deep");
        }

        var result = withConditional ? ParseConditional() : ParseOr();
        _depth--;
        return result;
    }

    /// <summary>One expression, or a tuple where commas follow.</summary>
    public Expression ParseTuple(bool withConditional = true, bool inParentheses = false, string? endName = null)
    {
        var items = new List<Expression>();
        var isTuple = false;
        while (true)
        {
            if (items.Count > 0)
            {
                stream.ExpectOperator(",");
            }

            if (IsTupleEnd(endName))
            {
                break;
            }

            items.Add(ParseExpression(withConditional));
            if (!stream.Current.IsOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        if (isTuple || (items.Count == 0 && inParentheses))
        {
            return new TupleLiteral([.. items]);
        }

        return items.Count == 1 ? items[0] : throw stream.Fail($"Expected an expression, got '{stream.Current.Describe()}'");
    }

    public bool IsTupleEnd(string? endName) => stream.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd
        || stream.Current.IsOperator(")") || (endName is not null && stream.Current.IsName(endName));

    /// <summary>Filters after <paramref name="value"/>; null stands for the body of a block.</summary>
    public FilterCall? ParseFilters(Expression? value, bool startsWithName = false)
    {
        FilterCall? result = null;
        while (startsWithName || stream.SkipOperator("|"))
        {
            startsWithName = false;
            result = ParseFilter(result ?? value);
        }

        return result;
    }

    private Expression ParseConditional()
    {
        var known = _unknown.Count;
        var value = ParseOr();
        while (stream.SkipName("if"))
        {
            // What stands before the `if` turns out to be conditional, too.
            _unknown.RemoveRange(known, _unknown.Count - known);
            ConditionalDepth++;
            var test = ParseOr();
            var otherwise = stream.SkipName("else") ? ParseExpression() : null;
            ConditionalDepth--;
            value = new Conditional(test, value, otherwise);
        }

        return value;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        for (var count = 0; stream.SkipName("or"); count++)
        {
            left = new Or(left, Limited(ParseAnd(), count));
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        for (var count = 0; stream.SkipName("and"); count++)
        {
            left = new And(left, Limited(ParseNot(), count));
        }

        return left;
    }

    private Expression ParseNot()
    {
        var count = 0;
        while (stream.SkipName("not"))
        {
            count++;
        }

        var result = ParseComparison();
        for (; count > 0; count--)
        {
            result = new Not(Limited(result, count));
        }

        return result;
    }

    private Expression ParseComparison()
    {
        var first = ParseSum();
        List<(ComparisonOperator, Expression)>? rest = null;
        while (TryReadComparison(out var kind))
        {
            (rest ??= []).Add((kind, ParseSum()));
        }

        return rest is null ? first : new Comparison(first, [.. rest]);
    }

    private bool TryReadComparison(out ComparisonOperator kind)
    {
        var token = stream.Current;
        if (token.IsName("not") && stream.Next.IsName("in"))
        {
            stream.Advance();
            stream.Advance();
            kind = ComparisonOperator.NotIn;
            return true;
        }

        ComparisonOperator? found = token.Kind is not (TokenKind.Operator or TokenKind.Name) ? null : token.Text switch
        {
            "==" => ComparisonOperator.Equal,
            "!=" => ComparisonOperator.NotEqual,
            "<" => ComparisonOperator.Less,
            "<=" => ComparisonOperator.LessOrEqual,
            ">" => ComparisonOperator.Greater,
            ">=" => ComparisonOperator.GreaterOrEqual,
            "in" => ComparisonOperator.In,
            _ => null,
        };
        kind = found ?? default;
        if (found is not null)
        {
            stream.Advance();
        }

        return found is not null;
    }

    private Expression ParseSum()
    {
        var left = ParseConcatenation();
        for (var count = 0; stream.Current.Kind == TokenKind.Operator && stream.Current.Text is "+" or "-"; count++)
        {
            var kind = stream.Advance().Text == "+" ? BinaryOperator.Add : BinaryOperator.Subtract;
            left = new Binary(kind, left, Limited(ParseConcatenation(), count));
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        var first = ParseProduct();
        if (!stream.Current.IsOperator("~"))
        {
            return first;
        }

        var parts = new List<Expression> { first };
        while (stream.SkipOperator("~"))
        {
            parts.Add(ParseProduct());
        }

        return new Concatenation([.. parts]);
    }

    private Expression ParseProduct()
    {
        var left = ParsePower();
        for (var count = 0; stream.Current.Kind == TokenKind.Operator && ProductOperator(stream.Current.Text) is { } kind; count++)
        {
            stream.Advance();
            left = new Binary(kind, left, Limited(ParsePower(), count));
        }

        return left;
    }

    private static BinaryOperator? ProductOperator(string text) => text switch
    {
        "*" => BinaryOperator.Multiply,
        "/" => BinaryOperator.Divide,
        "//" => BinaryOperator.FloorDivide,
        "%" => BinaryOperator.Modulo,
        _ => null,
    };

    private Expression ParsePower()
    {
        var left = ParseUnary(withFilters: true);
        for (var count = 0; stream.SkipOperator("**"); count++)
        {
            // Grouped from the left, unlike Python.
            left = new Binary(BinaryOperator.Power, left, Limited(ParseUnary(withFilters: true), count));
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        if (++_depth > MaxDepth)
        {
            throw stream.Fail($"expressions are nested more than {MaxDepth} levels deep");
        }

        Expression result = stream.SkipOperator("-") ? new Unary(UnaryOperator.Negate, ParseUnary(withFilters: false))
            : stream.SkipOperator("+") ? new Unary(UnaryOperator.Plus, ParseUnary(withFilters: false))
            : ParsePrimary();
        _depth--;
        result = ParsePostfix(result);
        return withFilters ? ParseFiltersAndTests(result) : result;
    }

    private Expression ParsePrimary()
    {
        var token = stream.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                stream.Advance();
                return ParseName(token.Text);
            case TokenKind.String:
                return ParseStrings();
            case TokenKind.Integer or TokenKind.Float:
                stream.Advance();
                return new Constant(token.Value);
            case TokenKind.Operator when token.Text == "(":
                stream.Advance();
                var inner = ParseTuple(inParentheses: true);
                stream.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                stream.Advance();
                return new ListLiteral([.. ParseItems("]", () => ParseExpression())]);
            case TokenKind.Operator when token.Text == "{":
                stream.Advance();
                return new DictLiteral([.. ParseItems("}", ParseEntry)]);
            default:
                throw stream.Fail($"unexpected '{token.Describe()}'");
        }
    }

    private Expression ParseName(string text)
    {
        ExtrasSeen |= text switch
        {
            "caller" => MacroExtras.Caller,
            "kwargs" => MacroExtras.NamedArguments,
            "varargs" => MacroExtras.PositionalArguments,
            _ => MacroExtras.None,
        };
        return text switch
        {
            "true" or "True" => new Constant(Values.Boxed.True),
            "false" or "False" => new Constant(Values.Boxed.False),
            "none" or "None" => new Constant(null),
            _ => new Name(text),
        };
    }

    private Constant ParseStrings()
    {
        var text = (string)stream.Advance().Value!;
        if (stream.Current.Kind != TokenKind.String)
        {
            return new Constant(text);
        }

        var all = new StringBuilder(text);
        while (stream.Current.Kind == TokenKind.String)
        {
            all.Append((string)stream.Advance().Value!);
        }

        return new Constant(all.ToString());
    }

    private KeyValuePair<Expression, Expression> ParseEntry()
    {
        var key = ParseExpression();
        stream.ExpectOperator(":");
        return new(key, ParseExpression());
    }

    private List<T> ParseItems<T>(string close, Func<T> parseItem)
    {
        var items = new List<T>();
        while (!stream.Current.IsOperator(close))
        {
            if (items.Count > 0)
            {
                stream.ExpectOperator(",");
            }

            if (stream.Current.IsOperator(close))
            {
                break;
            }

            items.Add(parseItem());
        }

        stream.ExpectOperator(close);
        return items;
    }

    private Expression ParsePostfix(Expression value)
    {
        for (var count = 0; stream.Current.Kind == TokenKind.Operator; count++)
        {
            switch (stream.Current.Text)
            {
                case ".":
                    value = ParseDot(Limited(value, count));
                    break;
                case "[":
                    value = ParseSubscript(Limited(value, count));
                    break;
                case "(":
                    value = ParseCall(Limited(value, count));
                    break;
                default:
                    return value;
            }
        }

        return value;
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        for (var count = 0; ; count++)
        {
            if (stream.SkipOperator("|"))
            {
                value = ParseFilter(Limited(value, count));
            }
            else if (stream.SkipName("is"))
            {
                value = ParseTest(Limited(value, count));
            }
            else if (stream.Current.IsOperator("("))
            {
                value = ParseCall(Limited(value, count));
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseDot(Expression target)
    {
        stream.Advance();
        var token = stream.Advance();
        return token.Kind switch
        {
            TokenKind.Name => new AttributeAccess(target, token.Text),
            TokenKind.Integer => new ItemAccess(target, new Constant(token.Value)),
            _ => throw JinjaException.Syntax("expected name or number", token.Line),
        };
    }

    private Expression ParseSubscript(Expression target)
    {
        stream.Advance();
        if (!stream.Current.IsOperator(":") && ParseSubscriptIndex(target) is { } access)
        {
            return access;
        }

        return ParseSlice(target, null);
    }

    private Expression ParseSubscriptIndex(Expression target)
    {
        var first = ParseExpression();
        if (stream.Current.IsOperator(":"))
        {
            return ParseSlice(target, first);
        }

        if (!stream.Current.IsOperator(","))
        {
            stream.ExpectOperator("]");
            return new ItemAccess(target, first);
        }

        var items = new List<Expression> { first };
        while (stream.SkipOperator(","))
        {
            items.Add(ParseExpression());
        }

        stream.ExpectOperator("]");
        return new ItemAccess(target, new TupleLiteral([.. items]));
    }

    private SliceAccess ParseSlice(Expression target, Expression? start)
    {
        stream.ExpectOperator(":");
        var stop = IsSliceEnd() || stream.Current.IsOperator(":") ? null : ParseExpression();
        var step = stream.SkipOperator(":") && !IsSliceEnd() ? ParseExpression() : null;
        stream.ExpectOperator("]");
        return new SliceAccess(target, start, stop, step);
    }

    private bool IsSliceEnd() => stream.Current.IsOperator("]") || stream.Current.IsOperator(",");

    private Call ParseCall(Expression target)
    {
        var line = stream.Line;
        return new Call(target, ParseArguments(), line);
    }

    private CallArguments ParseArguments()
    {
        stream.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<KeyValuePair<string, Expression>>();
        Expression? star = null, doubleStar = null;
        var first = true;
        while (!stream.Current.IsOperator(")"))
        {
            if (!first)
            {
                stream.ExpectOperator(",");
                if (stream.Current.IsOperator(")"))
                {
                    break;
                }
            }

            first = false;
            if (stream.SkipOperator("*"))
            {
                Require(star is null && doubleStar is null);
                star = ParseExpression();
            }
            else if (stream.SkipOperator("**"))
            {
                Require(doubleStar is null);
                doubleStar = ParseExpression();
            }
            else if (stream.Current.Kind == TokenKind.Name && stream.Next.IsOperator("="))
            {
                Require(doubleStar is null);
                var name = stream.Advance().Text;
                stream.Advance();
                named.Add(new(name, ParseExpression()));
            }
            else
            {
                Require(star is null && doubleStar is null && named.Count == 0);
                positional.Add(ParseExpression());
            }
        }

        stream.ExpectOperator(")");
        return first ? CallArguments.None : new CallArguments([.. positional], [.. named], star, doubleStar);
    }

    private void Require(bool condition)
    {
        if (!condition)
        {
            throw stream.Fail("invalid syntax for function call expression");
        }
    }

    private FilterCall ParseFilter(Expression? value)
    {
        var line = stream.Line;
        var name = ParseDottedName();
        var arguments = stream.Current.IsOperator("(") ? ParseArguments() : CallArguments.None;
        var function = Filters.Find(name);
        if (function is null && ConditionalDepth == 0)
        {
            _unknown.Add(JinjaException.Syntax($"No filter named '{name}'.", line));
        }

        return new FilterCall(value, name, function, arguments);
    }

    private Expression ParseTest(Expression value)
    {
        var line = stream.Line;
        var isNegated = stream.SkipName("not");
        var name = ParseDottedName();
        var arguments = stream.Current.IsOperator("(") ? ParseArguments()
            : StartsTestArgument() ? new CallArguments([ParsePostfix(ParsePrimary())], [], null, null)
            : CallArguments.None;
        var function = JinjaTests.Find(name);
        if (function is null && ConditionalDepth == 0)
        {
            _unknown.Add(JinjaException.Syntax($"No test named '{name}'.", line));
        }

        var test = new TestCall(value, name, function, arguments);
        return isNegated ? new Not(test) : test;
    }

    private bool StartsTestArgument()
    {
        var token = stream.Current;
        if (token.IsName("is"))
        {
            throw stream.Fail("You cannot chain multiple tests with is");
        }

        return token.Kind switch
        {
            TokenKind.Name => token.Text is not ("else" or "or" or "and"),
            TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
            _ => token.IsOperator("[") || token.IsOperator("{"),
        };
    }

    private string ParseDottedName()
    {
        var name = stream.Expect(TokenKind.Name).Text;
        while (stream.SkipOperator("."))
        {
            name += "." + stream.Expect(TokenKind.Name).Text;
        }

        return name;
    }

    /// <summary>Chains such as <c>a + b + c</c> nest to the left without recursion here, but not when they are evaluated.</summary>
    private Expression Limited(Expression operand, int chainLength) => chainLength < RenderLimits.MaxChain
        ? operand
        : throw stream.Fail($"more than {RenderLimits.MaxChain} operations in one chain");
}
