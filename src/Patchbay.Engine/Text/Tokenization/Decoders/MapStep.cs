namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>Rewrites every token by itself.</summary>
/// <param name="map">Given the token and whether it is the first one.</param>
internal sealed class MapStep(Func<string, bool, string> map, bool isMidway, DecodeStep next) : DecodeStep
{
    private bool _isFirst = !isMidway;

    public override void Push(string token)
    {
        next.Push(map(token, _isFirst));
        _isFirst = false;
    }

    public override void Flush() => next.Flush();
}
