namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>Turns one piece of text into tokens. Immutable, so any number of threads may ask at once.</summary>
internal abstract class TokenModel(Vocabulary vocabulary)
{
    public Vocabulary Vocabulary { get; } = vocabulary;

    /// <summary>Appends the tokens of a piece that is not empty and holds no lone surrogates.</summary>
    public abstract void Tokenize(ReadOnlySpan<char> piece, List<int> ids);

    /// <summary>The ids of the tokens &lt;0x00&gt; to &lt;0xFF&gt;, -1 where the vocabulary lacks one.</summary>
    protected static int[] FindByteTokens(Vocabulary vocabulary)
    {
        var ids = new int[256];
        for (var value = 0; value < ids.Length; value++)
        {
            ids[value] = vocabulary.Find($"<0x{value:X2}>");
        }

        return ids;
    }
}
