namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>
/// An end-of-word suffix becomes a space, save in the last token, where it becomes nothing (BPEDecoder). Which token is the last
/// is known only when another comes, so the text from its suffix on is held back.
/// </summary>
internal sealed class SuffixStep(string suffix, DecodeStep next) : DecodeStep
{
    private string _held = "";

    public override void Push(string token)
    {
        Release(" ");
        var end = token.IndexOf(suffix, StringComparison.Ordinal);
        end = end < 0 ? token.Length : end;
        _held = token[end..];
        next.Push(token[..end]);
    }

    public override void Flush()
    {
        Release("");
        next.Flush();
    }

    private void Release(string replacement)
    {
        if (_held.Length > 0)
        {
            next.Push(_held.Replace(suffix, replacement, StringComparison.Ordinal));
            _held = "";
        }
    }
}
