using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>Makes one token of all; the steps behind it see it in the end.</summary>
internal sealed class FuseStep(DecodeStep next) : DecodeStep
{
    private readonly StringBuilder _all = new();

    public override void Push(string token) => _all.Append(token);

    public override void Flush()
    {
        next.Push(_all.ToString());
        next.Flush();
    }
}
