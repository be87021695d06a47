namespace Patchbay.Engine.Text.Jinja;

/// <summary>Parses statements; expressions are <see cref="ExpressionParser"/>'s.</summary>
internal sealed class Parser
{
    private const int MaxDepth = 60;

    private readonly TokenStream _stream;
    private readonly ExpressionParser _expressions;
    private readonly Stack<string> _openTags = new();
    private readonly Stack<string[]> _endTags = new();
    private int _loopDepth;

    private Parser(TokenStream stream)
    {
        _stream = stream;
        _expressions = new ExpressionParser(stream);
    }

    public static ParsedTemplate Parse(string source)
    {
        if (source.Length > RenderLimits.MaxSource)
        {
            throw JinjaException.Syntax($"the template is longer than {RenderLimits.MaxSource} characters", 1);
        }

        var parser = new Parser(new TokenStream(Lexer.Read(source)));
        var body = parser.ParseBody();
        return parser._expressions.FirstUnknown is { } unknown ? throw unknown : new ParsedTemplate(body, parser.Blocks);
    }

    private Dictionary<string, BlockStatement> Blocks { get; } = [];

    /// <summary>Parses up to one of the end tags, which stays current; without end tags up to the end.</summary>
    private Statement[] ParseBody(params string[] endTags)
    {
        if (_openTags.Count > MaxDepth)
        {
            throw _stream.Fail($"blocks are nested more than {MaxDepth} levels deep");
        }

        _endTags.Push(endTags);
        var body = new List<Statement>();
        while (_stream.Current.Kind != TokenKind.End)
        {
            var token = _stream.Advance();
            if (token.Kind == TokenKind.Data)
            {
                body.Add(new TextStatement(token.Text, token.Line));
            }
            else if (token.Kind == TokenKind.VariableBegin)
            {
                var line = _stream.Line;
                body.Add(new OutputStatement(_expressions.ParseTuple(), line));
                _stream.Expect(TokenKind.VariableEnd);
            }
            else if (_stream.Current.Kind == TokenKind.Name && endTags.Contains(_stream.Current.Text))
            {
                _endTags.Pop();
                return [.. body];
            }
            else
            {
                ParseStatement(body);
                _stream.Expect(TokenKind.BlockEnd);
            }
        }

        if (endTags.Length > 0)
        {
            throw UnexpectedTag(null);
        }

        _endTags.Pop();
        return [.. body];
    }

    /// <summary>The rest of the opening tag, a body, and the closing tag's name; its end stays to be read.</summary>
    private Statement[] ParseBlockBody(params string[] endTags)
    {
        _stream.SkipOperator(":");
        _stream.Expect(TokenKind.BlockEnd);
        var body = ParseBody(endTags);
        if (endTags.Length == 1)
        {
            _stream.Advance();
        }

        return body;
    }

    private void ParseStatement(List<Statement> body)
    {
        if (_stream.Current.Kind != TokenKind.Name)
        {
            throw _stream.Fail("tag name expected");
        }

        var tag = _stream.Advance();
        _openTags.Push(tag.Text);
        body.Add(tag.Text switch
        {
            "set" => ParseSet(tag.Line),
            "if" => ParseIf(tag.Line),
            "for" => ParseFor(tag.Line),
            "macro" => ParseMacro(tag.Line),
            "call" => ParseCallBlock(tag.Line),
            "filter" => ParseFilterBlock(tag.Line),
            "with" => ParseWith(tag.Line),
            "block" => ParseBlock(tag.Line),
            "print" => ParsePrint(tag.Line),
            "autoescape" => new ScopeStatement(_expressions.ParseExpression(), ParseBlockBody("endautoescape"), tag.Line),
            "generation" => new ScopeStatement(null, ParseBlockBody("endgeneration"), tag.Line),
            "break" => ParseLoopExit(tag, new BreakStatement(tag.Line)),
            "continue" => ParseLoopExit(tag, new ContinueStatement(tag.Line)),
            "include" or "extends" or "import" or "from" => ParseOtherTemplate(tag),
            _ => throw UnknownTag(tag),
        });
        _openTags.Pop();
    }

    private Statement ParseSet(int line)
    {
        var target = ParseTarget(withNamespace: true);
        if (_stream.SkipOperator("="))
        {
            return new SetStatement(target, _expressions.ParseTuple(), line);
        }

        var filters = _expressions.ParseBlockFilters();
        return new SetBlockStatement(target, filters, ParseBlockBody("endset"), line);
    }

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression, Statement[])>();
        Statement[] otherwise = [];
        // In its tests, too, a filter that does not exist is an error only if it is reached.
        _expressions.ConditionalDepth++;
        var test = _expressions.ParseTuple(withConditional: false);
        while (true)
        {
            branches.Add((test, ParseBlockBody("elif", "else", "endif")));
            var tag = _stream.Advance().Text;
            if (tag == "elif")
            {
                test = _expressions.ParseTuple(withConditional: false);
                continue;
            }

            if (tag == "else")
            {
                otherwise = ParseBlockBody("endif");
            }

            _expressions.ConditionalDepth--;
            return new IfStatement([.. branches], otherwise, line);
        }
    }

    private ForStatement ParseFor(int line)
    {
        var target = ParseTarget(endName: "in");
        _stream.ExpectName("in");
        var iterable = _expressions.ParseTuple(withConditional: false, endName: "recursive");
        var filter = _stream.SkipName("if") ? _expressions.ParseExpression() : null;
        var isRecursive = _stream.SkipName("recursive");
        _loopDepth++;
        var body = ParseBlockBody("endfor", "else");
        _loopDepth--;
        Statement[] otherwise = _stream.Advance().Text == "else" ? ParseBlockBody("endfor") : [];
        return new ForStatement(target, iterable, filter, isRecursive, body, otherwise, line);
    }

    private Statement ParseLoopExit(Token tag, Statement exit) => _loopDepth > 0
        ? exit
        : throw JinjaException.Syntax($"'{tag.Text}' outside loop", tag.Line);

    private WithStatement ParseWith(int line)
    {
        var variables = new List<(AssignmentTarget, Expression)>();
        while (_stream.Current.Kind != TokenKind.BlockEnd)
        {
            if (variables.Count > 0)
            {
                _stream.ExpectOperator(",");
            }

            var target = ParseTarget();
            _stream.ExpectOperator("=");
            variables.Add((target, _expressions.ParseExpression()));
        }

        return new WithStatement([.. variables], ParseBlockBody("endwith"), line);
    }

    private MacroStatement ParseMacro(int line) => new(ParseDefinition(_stream.Expect(TokenKind.Name).Text, "endmacro"), line);

    private CallBlockStatement ParseCallBlock(int line)
    {
        var (parameters, defaults) = _stream.Current.IsOperator("(") ? ParseSignature() : ([], []);
        if (_expressions.ParseExpression() is not Call call)
        {
            throw JinjaException.Syntax("expected call", line);
        }

        return new CallBlockStatement(call, ParseMacroBody(null, parameters, defaults, "endcall"), line);
    }

    private MacroDefinition ParseDefinition(string name, string endTag)
    {
        var (parameters, defaults) = ParseSignature();
        return ParseMacroBody(name, parameters, defaults, endTag);
    }

    private MacroDefinition ParseMacroBody(string? name, string[] parameters, Expression[] defaults, string endTag)
    {
        var outerExtras = _expressions.ExtrasSeen;
        var outerLoops = _loopDepth;
        _expressions.ExtrasSeen = MacroExtras.None;
        _loopDepth = 0;
        var body = ParseBlockBody(endTag);
        var extras = _expressions.ExtrasSeen;
        _expressions.ExtrasSeen = outerExtras | extras;
        _loopDepth = outerLoops;
        return new MacroDefinition(name, parameters, defaults, body, extras);
    }

    private (string[] Parameters, Expression[] Defaults) ParseSignature()
    {
        var parameters = new List<string>();
        var defaults = new List<Expression>();
        _stream.ExpectOperator("(");
        while (!_stream.Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
            {
                _stream.ExpectOperator(",");
            }

            parameters.Add(_stream.Expect(TokenKind.Name).Text);
            if (_stream.SkipOperator("="))
            {
                defaults.Add(_expressions.ParseExpression());
            }
            else if (defaults.Count > 0)
            {
                throw _stream.Fail("non-default argument follows default argument");
            }
        }

        _stream.ExpectOperator(")");
        return ([.. parameters], [.. defaults]);
    }

    private FilterBlockStatement ParseFilterBlock(int line)
    {
        var filters = _expressions.ParseBlockFilters(startsWithName: true)!;
        return new FilterBlockStatement(filters, ParseBlockBody("endfilter"), line);
    }

    private BlockStatement ParseBlock(int line)
    {
        var name = _stream.Expect(TokenKind.Name).Text;
        _stream.SkipName("scoped");
        _stream.SkipName("required");
        var block = new BlockStatement(name, ParseBlockBody("endblock"), line);
        _stream.SkipName(name);
        return Blocks.TryAdd(name, block) ? block : throw JinjaException.Syntax($"block '{name}' defined twice", line);
    }

    private OutputStatement ParsePrint(int line)
    {
        var values = new List<Expression>();
        while (_stream.Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0)
            {
                _stream.ExpectOperator(",");
            }

            values.Add(_expressions.ParseExpression());
        }

        return new OutputStatement(new Concatenation([.. values]), line);
    }

    private OtherTemplateStatement ParseOtherTemplate(Token tag)
    {
        while (_stream.Current.Kind is not (TokenKind.BlockEnd or TokenKind.End))
        {
            _stream.Advance();
        }

        return new OtherTemplateStatement(tag.Text, tag.Line);
    }

    private AssignmentTarget ParseTarget(bool withNamespace = false, string? endName = null)
    {
        var items = new List<AssignmentTarget>();
        var isTuple = false;
        do
        {
            if (items.Count > 0 && _expressions.IsTupleEnd(endName))
            {
                break;
            }

            items.Add(ParseSingleTarget(withNamespace));
        }
        while (_stream.SkipOperator(",") && (isTuple = true));

        return isTuple ? new TupleTarget([.. items]) : items[0];
    }

    private AssignmentTarget ParseSingleTarget(bool withNamespace)
    {
        var token = _stream.Advance();
        if (token.IsOperator("("))
        {
            _openTags.Push("(");
            if (_openTags.Count > MaxDepth)
            {
                throw _stream.Fail("assignment targets are nested too deeply");
            }

            var inner = ParseTarget(withNamespace);
            _stream.ExpectOperator(")");
            _openTags.Pop();
            return inner;
        }

        if (token.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float
            || token is { Kind: TokenKind.Name, Text: "true" or "True" or "false" or "False" or "none" or "None" })
        {
            throw JinjaException.Syntax("can't assign to 'const'", token.Line);
        }

        if (token.Kind != TokenKind.Name)
        {
            throw JinjaException.Syntax(token.Kind is TokenKind.BlockEnd
                ? $"Expected an expression, got '{token.Describe()}'"
                : $"can't assign to '{token.Describe()}'", token.Line);
        }

        return withNamespace && _stream.SkipOperator(".")
            ? new NamespaceTarget(token.Text, _stream.Expect(TokenKind.Name).Text)
            : new NameTarget(token.Text);
    }

    private JinjaException UnknownTag(Token tag)
    {
        _openTags.Pop();
        return UnexpectedTag(tag.Text, tag.Line);
    }

    private JinjaException UnexpectedTag(string? name, int? line = null)
    {
        var message = name is null ? "Unexpected end of template." : $"Encountered unknown tag '{name}'.";
        if (_endTags.Peek() is { Length: > 0 } current)
        {
            var lookingFor = string.Join(" or ", current.Select(tag => $"'{tag}'"));
            message += name is not null && _endTags.Any(tags => tags.Contains(name))
                ? $" You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for {lookingFor}."
                : $" Jinja was looking for the following tags: {lookingFor}.";
        }

        if (_openTags.TryPeek(out var open))
        {
            message += $" The innermost block that needs to be closed is '{open}'.";
        }

        return JinjaException.Syntax(message, line ?? _stream.Line);
    }
}
