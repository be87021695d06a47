using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>One sequence that is being decoded.</summary>
internal abstract class Decoding
{
    /// <summary>Appends the text that a token makes certain.</summary>
    /// <param name="token">Its UTF-8 in the vocabulary.</param>
    public abstract void Push(int id, ReadOnlySpan<byte> token, StringBuilder text);

    /// <summary>A token that is left out of the text has passed.</summary>
    public virtual void Skip()
    {
    }

    /// <summary>Appends what was held back; the sequence has ended.</summary>
    public abstract void Flush(StringBuilder text);
}
