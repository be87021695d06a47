using Patchbay.Engine.Text.Jinja.Builtins;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>Parses what follows a value: <c>.name</c>, <c>[index]</c>, <c>(arguments)</c>, <c>| filter</c> and <c>is test</c>.</summary>
internal sealed class PostfixParser(TokenStream stream, ExpressionParser expressions)
{
    /// <summary>Filters without a value of their own; with <paramref name="startsWithName"/> the first needs no bar.</summary>
    public FilterCall? ParseBlockFilters(bool startsWithName)
    {
        FilterCall? result = null;
        for (var count = 0; startsWithName || stream.SkipOperator("|"); count++)
        {
            startsWithName = false;
            result = ParseFilter(result is null ? null : expressions.Limited(result, count));
        }

        return result;
    }

    public Expression ParsePostfix(Expression value)
    {
        for (var count = 0; stream.Current.Kind == TokenKind.Operator; count++)
        {
            switch (stream.Current.Text)
            {
                case ".":
                    value = ParseDot(expressions.Limited(value, count));
                    break;
                case "[":
                    value = ParseSubscript(expressions.Limited(value, count));
                    break;
                case "(":
                    value = ParseCall(expressions.Limited(value, count));
                    break;
                default:
                    return value;
            }
        }

        return value;
    }

    public Expression ParseFiltersAndTests(Expression value)
    {
        for (var count = 0; ; count++)
        {
            if (stream.SkipOperator("|"))
            {
                value = ParseFilter(expressions.Limited(value, count));
            }
            else if (stream.SkipName("is"))
            {
                value = ParseTest(expressions.Limited(value, count));
            }
            else if (stream.Current.IsOperator("("))
            {
                value = ParseCall(expressions.Limited(value, count));
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
        var first = expressions.ParseExpression();
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
            items.Add(expressions.ParseExpression());
        }

        stream.ExpectOperator("]");
        return new ItemAccess(target, new TupleLiteral([.. items]));
    }

    private SliceAccess ParseSlice(Expression target, Expression? start)
    {
        stream.ExpectOperator(":");
        var stop = IsSliceEnd() || stream.Current.IsOperator(":") ? null : expressions.ParseExpression();
        var step = stream.SkipOperator(":") && !IsSliceEnd() ? expressions.ParseExpression() : null;
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
                star = expressions.ParseExpression();
            }
            else if (stream.SkipOperator("**"))
            {
                Require(doubleStar is null);
                doubleStar = expressions.ParseExpression();
            }
            else if (stream.Current.Kind == TokenKind.Name && stream.Next.IsOperator("="))
            {
                Require(doubleStar is null);
                var name = stream.Advance().Text;
                stream.Advance();
                named.Add(new(name, expressions.ParseExpression()));
            }
            else
            {
                Require(star is null && doubleStar is null && named.Count == 0);
                positional.Add(expressions.ParseExpression());
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
        if (function is null)
        {
            expressions.ReportUnknown("filter", name, line);
        }

        return new FilterCall(value, name, function, arguments);
    }

    private Expression ParseTest(Expression value)
    {
        var line = stream.Line;
        var isNegated = stream.SkipName("not");
        var name = ParseDottedName();
        var arguments = stream.Current.IsOperator("(") ? ParseArguments()
            : StartsTestArgument() ? new CallArguments([ParsePostfix(expressions.ParsePrimary())], [], null, null)
            : CallArguments.None;
        var function = JinjaTests.Find(name);
        if (function is null)
        {
            expressions.ReportUnknown("test", name, line);
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
}
