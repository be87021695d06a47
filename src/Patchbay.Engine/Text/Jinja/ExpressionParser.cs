using System.Text;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>
/// Parses expressions by recursive descent, one method per level of precedence, loosest first:
/// conditional, or, and, not, comparison, + -, ~, * / // %, **, unary, primary. What follows a primary is
/// <see cref="PostfixParser"/>'s.
/// </summary>
internal sealed class ExpressionParser
{
    /// <summary>Deep enough for any written template, shallow enough for every thread's stack.</summary>
    private const int MaxDepth = 100;

    private readonly TokenStream _stream;
    private readonly PostfixParser _postfix;
    private readonly List<JinjaException> _unknown = [];
    private int _depth;

    public ExpressionParser(TokenStream stream)
    {
        _stream = stream;
        _postfix = new PostfixParser(stream, this);
    }

    /// <summary>Above zero inside <c>if</c>: a filter that does not exist is then an error only if it is reached.</summary>
    public int ConditionalDepth { get; set; }

    /// <summary>Names used since a macro's body began; only <c>caller</c>, <c>kwargs</c> and <c>varargs</c> matter.</summary>
    public MacroExtras ExtrasSeen { get; set; }

    /// <summary>The first filter or test that does not exist though it is reached whatever the data.</summary>
    public JinjaException? FirstUnknown => _unknown.Count == 0 ? null : _unknown[0];

    /// <summary>Filters for the body of a block.</summary>
    public FilterCall? ParseBlockFilters(bool startsWithName = false) => _postfix.ParseBlockFilters(startsWithName);

    /// <summary>Notes a filter or test that does not exist; in a condition it may never be reached.</summary>
    public void ReportUnknown(string kind, string name, int line)
    {
        if (ConditionalDepth == 0)
        {
            _unknown.Add(JinjaException.Syntax($"No {kind} named '{name}'.", line));
        }
    }

    public Expression ParseExpression(bool withConditional = true)
    {
        if (++_depth > MaxDepth)
        {
            throw _stream.Fail($"expressions are nested more than {MaxDepth} levels deep");
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
                _stream.ExpectOperator(",");
            }

            if (IsTupleEnd(endName))
            {
                break;
            }

            items.Add(ParseExpression(withConditional));
            if (!_stream.Current.IsOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        if (isTuple || (items.Count == 0 && inParentheses))
        {
            return new TupleLiteral([.. items]);
        }

        return items.Count == 1 ? items[0] : throw _stream.Fail($"Expected an expression, got '{_stream.Current.Describe()}'");
    }

    public bool IsTupleEnd(string? endName) => _stream.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd
        || _stream.Current.IsOperator(")") || (endName is not null && _stream.Current.IsName(endName));

    private Expression ParseConditional()
    {
        var known = _unknown.Count;
        var value = ParseOr();
        while (_stream.SkipName("if"))
        {
            // What stands before the `if` turns out to be conditional, too.
            _unknown.RemoveRange(known, _unknown.Count - known);
            ConditionalDepth++;
            var test = ParseOr();
            var otherwise = _stream.SkipName("else") ? ParseExpression() : null;
            ConditionalDepth--;
            value = new Conditional(test, value, otherwise);
        }

        return value;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        for (var count = 0; _stream.SkipName("or"); count++)
        {
            left = new Or(left, Limited(ParseAnd(), count));
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        for (var count = 0; _stream.SkipName("and"); count++)
        {
            left = new And(left, Limited(ParseNot(), count));
        }

        return left;
    }

    private Expression ParseNot()
    {
        var count = 0;
        while (_stream.SkipName("not"))
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
        var token = _stream.Current;
        if (token.IsName("not") && _stream.Next.IsName("in"))
        {
            _stream.Advance();
            _stream.Advance();
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
            _stream.Advance();
        }

        return found is not null;
    }

    private Expression ParseSum()
    {
        var left = ParseConcatenation();
        for (var count = 0; _stream.Current.Kind == TokenKind.Operator && _stream.Current.Text is "+" or "-"; count++)
        {
            var kind = _stream.Advance().Text == "+" ? BinaryOperator.Add : BinaryOperator.Subtract;
            left = new Binary(kind, left, Limited(ParseConcatenation(), count));
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        var first = ParseProduct();
        if (!_stream.Current.IsOperator("~"))
        {
            return first;
        }

        var parts = new List<Expression> { first };
        while (_stream.SkipOperator("~"))
        {
            parts.Add(ParseProduct());
        }

        return new Concatenation([.. parts]);
    }

    private Expression ParseProduct()
    {
        var left = ParsePower();
        for (var count = 0; _stream.Current.Kind == TokenKind.Operator && ProductOperator(_stream.Current.Text) is { } kind; count++)
        {
            _stream.Advance();
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
        for (var count = 0; _stream.SkipOperator("**"); count++)
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
            throw _stream.Fail($"expressions are nested more than {MaxDepth} levels deep");
        }

        Expression result = _stream.SkipOperator("-") ? new Unary(UnaryOperator.Negate, ParseUnary(withFilters: false))
            : _stream.SkipOperator("+") ? new Unary(UnaryOperator.Plus, ParseUnary(withFilters: false))
            : ParsePrimary();
        _depth--;
        result = _postfix.ParsePostfix(result);
        return withFilters ? _postfix.ParseFiltersAndTests(result) : result;
    }

    /// <summary>A name, a literal, or an expression in parentheses.</summary>
    public Expression ParsePrimary()
    {
        var token = _stream.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                _stream.Advance();
                return ParseName(token.Text);
            case TokenKind.String:
                return ParseStrings();
            case TokenKind.Integer or TokenKind.Float:
                _stream.Advance();
                return new Constant(token.Value);
            case TokenKind.Operator when token.Text == "(":
                _stream.Advance();
                var inner = ParseTuple(inParentheses: true);
                _stream.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                _stream.Advance();
                return new ListLiteral([.. ParseItems("]", () => ParseExpression())]);
            case TokenKind.Operator when token.Text == "{":
                _stream.Advance();
                return new DictLiteral([.. ParseItems("}", ParseEntry)]);
            default:
                throw _stream.Fail($"unexpected '{token.Describe()}'");
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
        var text = (string)_stream.Advance().Value!;
        if (_stream.Current.Kind != TokenKind.String)
        {
            return new Constant(text);
        }

        var all = new StringBuilder(text);
        while (_stream.Current.Kind == TokenKind.String)
        {
            all.Append((string)_stream.Advance().Value!);
        }

        return new Constant(all.ToString());
    }

    private KeyValuePair<Expression, Expression> ParseEntry()
    {
        var key = ParseExpression();
        _stream.ExpectOperator(":");
        return new(key, ParseExpression());
    }

    private List<T> ParseItems<T>(string close, Func<T> parseItem)
    {
        var items = new List<T>();
        while (!_stream.Current.IsOperator(close))
        {
            if (items.Count > 0)
            {
                _stream.ExpectOperator(",");
            }

            if (_stream.Current.IsOperator(close))
            {
                break;
            }

            items.Add(parseItem());
        }

        _stream.ExpectOperator(close);
        return items;
    }

    /// <summary>Chains such as <c>a + b + c</c> nest to the left without recursion here, but not when they are evaluated.</summary>
    public Expression Limited(Expression operand, int chainLength) => chainLength < RenderLimits.MaxChain
        ? operand
        : throw _stream.Fail($"more than {RenderLimits.MaxChain} operations in one chain");
}
