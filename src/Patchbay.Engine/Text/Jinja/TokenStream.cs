namespace Patchbay.Engine.Text.Jinja;

/// <summary>The parser's place in the tokens.</summary>
internal sealed class TokenStream(List<Token> tokens)
{
    private int _index;

    public Token Current => tokens[_index];

    public Token Next => tokens[Math.Min(_index + 1, tokens.Count - 1)];

    public int Line => Current.Line;

    /// <summary>Returns the current token and moves on; the last token is never left.</summary>
    public Token Advance()
    {
        var token = tokens[_index];
        _index = Math.Min(_index + 1, tokens.Count - 1);
        return token;
    }

    public bool SkipOperator(string text) => Skip(Current.IsOperator(text));

    public bool SkipName(string text) => Skip(Current.IsName(text));

    public Token Expect(TokenKind kind) => Current.Kind == kind ? Advance() : throw Unexpected(Token.Describe(kind));

    public void ExpectOperator(string text)
    {
        if (!SkipOperator(text))
        {
            throw Unexpected(text);
        }
    }

    public void ExpectName(string text)
    {
        if (!SkipName(text))
        {
            throw Unexpected(text);
        }
    }

    public JinjaException Fail(string message) => JinjaException.Syntax(message, Line);

    private JinjaException Unexpected(string expected) => Fail(Current.Kind == TokenKind.End
        ? $"unexpected end of template, expected '{expected}'."
        : $"expected token '{expected}', got '{Current.Describe()}'");

    private bool Skip(bool matches)
    {
        if (matches)
        {
            Advance();
        }

        return matches;
    }
}
