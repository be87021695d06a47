using System.Text;
using Patchbay.Engine.Text.Tokenization.Decoders;

namespace Patchbay.Engine.Text;

/// <summary>
/// Decodes one sequence token by token. Text is released with the first token that makes it certain; part of a character never
/// is. For one sequence and one thread at a time.
/// </summary>
public sealed class StreamingDetokenizer
{
    private readonly Tokenizer _tokenizer;
    private readonly Decoding _decoding;
    private readonly bool _skipSpecialTokens;
    private readonly StringBuilder _text = new();

    internal StreamingDetokenizer(Tokenizer tokenizer, Decoding decoding, bool skipSpecialTokens)
    {
        _tokenizer = tokenizer;
        _decoding = decoding;
        _skipSpecialTokens = skipSpecialTokens;
    }

    /// <summary>The text that a token makes certain, often none or that of several tokens.</summary>
    public string Push(int id)
    {
        _tokenizer.Push(_decoding, id, _skipSpecialTokens, _text);
        return Take();
    }

    /// <summary>The text that was held back; the sequence has ended.</summary>
    public string Flush()
    {
        _decoding.Flush(_text);
        return Take();
    }

    private string Take()
    {
        var text = _text.ToString();
        _text.Clear();
        return text;
    }
}
