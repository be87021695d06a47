namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>Fuse followed by Strip of the start, without holding the text back until its end.</summary>
internal sealed class FusedStripStep(char content, int start, DecodeStep next) : DecodeStep
{
    private int _left = start;

    public override void Push(string token)
    {
        var cut = 0;
        while (_left > 0 && cut < token.Length)
        {
            // Anything else ends the stripping for good.
            _left = token[cut] == content ? _left - 1 : 0;
            cut += token[cut] == content ? 1 : 0;
        }

        next.Push(token[cut..]);
    }

    public override void Flush() => next.Flush();
}
