namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>Rewrites every token by itself.</summary>
/// <param name="map">Given the token and whether it is the first one.</param>
internal sealed class MapStep(Func<string, bool, string> map, bool isMidway, DecodeStep next) : DecodeStep
{
    // No vocabulary comes near; steps that make more of a token are hostile.
    private const int LongestToken = 1 << 20;

    private bool _isFirst = !isMidway;

    public override void Push(string token)
    {
        var text = map(token, _isFirst);
        _isFirst = false;
        if (text.Length > LongestToken)
        {
            throw new InvalidDataException($"decoder: expected tokens of at most {LongestToken} characters, found {text.Length}.");
        }

        next.Push(text);
    }

    public override void Flush() => next.Flush();
}
