using System.Buffers;
using System.Text;

namespace Patchbay.Engine.Text.Tokenization;

/// <summary>Cuts text at added tokens: the leftmost one first, the longest where several start.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly SymbolTrie _trie = new();
    private readonly List<AddedToken> _tokens = [];
    private readonly SearchValues<char> _firstCharacters;

    /// <param name="tokens">With the text to search for, which may differ from the token's content.</param>
    public AddedTokenMatcher(IEnumerable<(AddedToken Token, string Pattern)> tokens)
    {
        var first = new HashSet<char>();
        foreach (var (token, pattern) in tokens)
        {
            if (pattern.Length == 0)
            {
                continue;
            }

            first.Add(pattern[0]);
            var node = 0;
            foreach (var c in pattern)
            {
                node = _trie.Grow(node, c);
            }

            _trie.SetValue(node, _tokens.Count);
            _tokens.Add(token);
        }

        _firstCharacters = SearchValues.Create([.. first]);
    }

    /// <summary>Appends the parts of the text in order; together they cover it.</summary>
    public void Split(ReadOnlySpan<char> text, bool parseSpecialTokens, List<TextPart> parts)
    {
        var done = 0;
        for (var i = 0; i < text.Length;)
        {
            var candidate = _tokens.Count == 0 ? -1 : text[i..].IndexOfAny(_firstCharacters);
            if (candidate < 0)
            {
                break;
            }

            i += candidate;
            var (token, end) = LongestAt(text, i);
            if (token is null)
            {
                i++;
                continue;
            }

            // A match that does not count is still passed over as a whole, as in the Aho-Corasick search of the original.
            var start = i;
            i = end;
            if ((token.IsSpecial && !parseSpecialTokens) || (token.IsSingleWord && !IsAlone(text, start, end)))
            {
                continue;
            }

            start = token.StripsLeft ? Math.Max(done, StartOfSpace(text, start)) : start;
            end = token.StripsRight ? EndOfSpace(text, end) : end;
            if (done < start)
            {
                parts.Add(new TextPart(done, start, -1));
            }

            parts.Add(new TextPart(start, end, token.Id));
            done = end;
        }

        if (done < text.Length)
        {
            parts.Add(new TextPart(done, text.Length, -1));
        }
    }

    private (AddedToken? Token, int End) LongestAt(ReadOnlySpan<char> text, int start)
    {
        AddedToken? longest = null;
        var end = start;
        var node = 0;
        for (var i = start; i < text.Length; i++)
        {
            node = _trie.Step(node, text[i]);
            if (node < 0)
            {
                break;
            }

            var value = _trie.ValueAt(node);
            if (value >= 0)
            {
                longest = _tokens[value];
                end = i + 1;
            }
        }

        return (longest, end);
    }

    private static bool IsAlone(ReadOnlySpan<char> text, int start, int end)
    {
        var isFree = Rune.DecodeLastFromUtf16(text[..start], out var before, out _) != OperationStatus.Done || !CharClasses.IsWord(before);
        return isFree && (Rune.DecodeFromUtf16(text[end..], out var after, out _) != OperationStatus.Done || !CharClasses.IsWord(after));
    }

    private static int StartOfSpace(ReadOnlySpan<char> text, int start)
    {
        while (start > 0 && char.IsWhiteSpace(text[start - 1]))
        {
            start--;
        }

        return start;
    }

    private static int EndOfSpace(ReadOnlySpan<char> text, int end)
    {
        while (end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return end;
    }
}
