using Patchbay.Engine.Text.Jinja.Python;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>
/// Cuts a template into text and tags. Whitespace control happens here, as <c>trim_blocks</c> and
/// <c>lstrip_blocks</c> say: a newline after a block tag goes, and so does what indents a block tag on its own line.
/// </summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private readonly LiteralReader _literals;
    private int _position;
    private int _line = 1;

    private Lexer(string source)
    {
        _source = source;
        _literals = new LiteralReader(source);
    }

    public static List<Token> Read(string source)
    {
        var lexer = new Lexer(WithoutLastNewline(source));
        while (lexer._position < lexer._source.Length)
        {
            lexer.ReadTextAndTag();
        }

        lexer.Add(TokenKind.End, "");
        return lexer._tokens;
    }

    private static string WithoutLastNewline(string source)
    {
        if (source.Contains('\r'))
        {
            source = source.Replace("\r\n", "\n").Replace('\r', '\n');
        }

        return source.EndsWith('\n') ? source[..^1] : source;
    }

    private void ReadTextAndTag()
    {
        var start = _position;
        var tag = FindTag(start);
        if (tag < 0)
        {
            AddText(_source[start..]);
            MoveTo(_source.Length);
            return;
        }

        var kind = _source[tag + 1];
        var sign = SignAt(tag + 2);
        AddText(TrimBeforeTag(start, tag, sign, keepIndent: kind == '{'));
        MoveTo(tag);
        var rawEnd = kind == '%' ? EndOfRawBegin(tag) : -1;
        MoveTo(rawEnd >= 0 ? rawEnd : tag + (sign == '\0' ? 2 : 3));
        if (rawEnd >= 0)
        {
            ReadRaw();
        }
        else if (kind == '#')
        {
            SkipComment();
        }
        else
        {
            ReadTag(isBlock: kind == '%');
        }
    }

    private int FindTag(int from)
    {
        for (var at = from; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    private char SignAt(int index) => index < _source.Length && _source[index] is '-' or '+' ? _source[index] : '\0';

    private string TrimBeforeTag(int start, int tag, char sign, bool keepIndent)
    {
        var text = _source.AsSpan(start, tag - start);
        if (sign == '-')
        {
            return PythonText.TrimEnd(text).ToString();
        }

        if (sign != '+' && !keepIndent)
        {
            var lineStart = text.LastIndexOf('\n') + 1;
            var startsLine = lineStart > 0 || start == 0 || _source[start - 1] == '\n';
            if (startsLine && PythonText.TrimEnd(text[lineStart..]).IsEmpty)
            {
                return text[..lineStart].ToString();
            }
        }

        return text.ToString();
    }

    private void SkipComment()
    {
        var end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw JinjaException.Syntax("Missing end of comment tag", _line);
        }

        var sign = end > _position ? SignAt(end - 1) : '\0';
        MoveTo(AfterTagEnd(end + 2, sign));
    }

    /// <summary>Where a tag that ended before <paramref name="after"/> lets the text begin.</summary>
    private int AfterTagEnd(int after, char sign)
    {
        if (sign == '-')
        {
            return SkipSpace(after);
        }

        return sign != '+' && after < _source.Length && _source[after] == '\n' ? after + 1 : after;
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private bool HasAt(int at, string text) => string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    /// <summary>The position after <c>{% raw %}</c> if that is what starts at <paramref name="tag"/>, else -1.</summary>
    private int EndOfRawBegin(int tag)
    {
        var at = SkipSpace(tag + (SignAt(tag + 2) == '\0' ? 2 : 3));
        if (!HasAt(at, "raw"))
        {
            return -1;
        }

        at = SkipSpace(at + 3);
        return HasAt(at, "-%}") ? SkipSpace(at + 3) : HasAt(at, "%}") ? at + 2 : -1;
    }

    private void ReadRaw()
    {
        var start = _position;
        for (var tag = start; (tag = _source.IndexOf("{%", tag, StringComparison.Ordinal)) >= 0; tag++)
        {
            var sign = SignAt(tag + 2);
            var at = SkipSpace(tag + (sign == '\0' ? 2 : 3));
            if (!HasAt(at, "endraw"))
            {
                continue;
            }

            at = SkipSpace(at + 6);
            var endSign = SignAt(at);
            at += endSign == '\0' ? 0 : 1;
            if (HasAt(at, "%}"))
            {
                AddText(TrimBeforeTag(start, tag, sign, keepIndent: false));
                MoveTo(AfterTagEnd(at + 2, endSign));
                return;
            }
        }

        throw JinjaException.Syntax("Missing end of raw directive", _line);
    }

    private void ReadTag(bool isBlock)
    {
        Add(isBlock ? TokenKind.BlockBegin : TokenKind.VariableBegin, "");
        var open = new Stack<char>();
        while (_position < _source.Length)
        {
            if (open.Count == 0 && TryReadTagEnd(isBlock))
            {
                return;
            }

            var current = _source[_position];
            if (PythonText.IsSpace(current))
            {
                MoveTo(SkipSpace(_position));
            }
            else if (_literals.TryRead(_position, _line, out var literal, out var end))
            {
                _tokens.Add(literal);
                MoveTo(end);
            }
            else
            {
                ReadOperator(current, open);
            }
        }
    }

    private bool TryReadTagEnd(bool isBlock)
    {
        var sign = SignAt(_position);
        if (sign == '+' && !isBlock)
        {
            return false;
        }

        var at = _position + (sign == '\0' ? 0 : 1);
        if (!HasAt(at, isBlock ? "%}" : "}}"))
        {
            return false;
        }

        Add(isBlock ? TokenKind.BlockEnd : TokenKind.VariableEnd, "");
        // Only block tags swallow the newline that follows them.
        MoveTo(isBlock || sign == '-' ? AfterTagEnd(at + 2, sign) : at + 2);
        return true;
    }

    private void ReadOperator(char current, Stack<char> open)
    {
        var text = TwoCharacterOperator() ?? OneCharacterOperator(current)
            ?? throw JinjaException.Syntax(
                $"unexpected char {PythonFormat.Repr(current.ToString())} at {PythonText.Length(_source.AsSpan(0, _position))}", _line);
        switch (current)
        {
            case '(': open.Push(')'); break;
            case '[': open.Push(']'); break;
            case '{': open.Push('}'); break;
            case ')' or ']' or '}':
                if (!open.TryPop(out var expected))
                {
                    throw JinjaException.Syntax($"unexpected '{current}'", _line);
                }

                if (expected != current)
                {
                    throw JinjaException.Syntax($"unexpected '{current}', expected '{expected}'", _line);
                }

                break;
        }

        Add(TokenKind.Operator, text);
        MoveTo(_position + text.Length);
    }

    private string? TwoCharacterOperator()
    {
        if (_position + 1 >= _source.Length)
        {
            return null;
        }

        return (_source[_position], _source[_position + 1]) switch
        {
            ('/', '/') => "//",
            ('*', '*') => "**",
            ('=', '=') => "==",
            ('!', '=') => "!=",
            ('>', '=') => ">=",
            ('<', '=') => "<=",
            _ => null,
        };
    }

    private static string? OneCharacterOperator(char current) => current switch
    {
        '+' => "+", '-' => "-", '/' => "/", '*' => "*", '%' => "%", '~' => "~",
        '[' => "[", ']' => "]", '(' => "(", ')' => ")", '{' => "{", '}' => "}",
        '>' => ">", '<' => "<", '=' => "=", '.' => ".", ':' => ":", '|' => "|",
        ',' => ",", ';' => ";",
        _ => null,
    };

    private void AddText(string text)
    {
        if (text.Length > 0)
        {
            Add(TokenKind.Data, text);
        }
    }

    private void Add(TokenKind kind, string text) => _tokens.Add(new Token(kind, text, null, _line));

    private void MoveTo(int position)
    {
        _line += _source.AsSpan(_position, position - _position).Count('\n');
        _position = position;
    }
}
