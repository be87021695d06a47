using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>Takes the longest token at the start of what is left; a word that cannot be covered is unknown as a whole (BERT).</summary>
internal sealed class WordPieceModel(Vocabulary vocabulary, int unknownId, string continuingPrefix, int longestWord) : TokenModel(vocabulary)
{
    private readonly byte[] _prefix = Encoding.UTF8.GetBytes(continuingPrefix);

    public override void Tokenize(ReadOnlySpan<char> piece, List<int> ids)
    {
        var characters = 0;
        foreach (var _ in piece.EnumerateRunes())
        {
            characters++;
        }

        var count = ids.Count;
        if (characters > longestWord || !TryCover(piece, ids))
        {
            ids.RemoveRange(count, ids.Count - count);
            ids.Add(unknownId);
        }
    }

    private bool TryCover(ReadOnlySpan<char> piece, List<int> ids)
    {
        // The prefix lies before the word, so that every candidate with its prefix is one span once a token is cut off.
        var text = new byte[_prefix.Length + Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, text.AsSpan(_prefix.Length));
        var start = _prefix.Length;
        while (start < text.Length)
        {
            var from = start;
            if (start > _prefix.Length)
            {
                from = start - _prefix.Length;
                _prefix.CopyTo(text.AsSpan(from));
            }

            var end = text.Length;
            var id = Vocabulary.Find(text.AsSpan(from, end - from));
            while (id < 0 && end > start)
            {
                end--;
                while (end > start && (text[end] & 0xC0) == 0x80)
                {
                    end--;
                }

                id = end > start ? Vocabulary.Find(text.AsSpan(from, end - from)) : -1;
            }

            if (id < 0)
            {
                return false;
            }

            ids.Add(id);
            start = end;
        }

        return true;
    }
}
