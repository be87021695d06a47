namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>One step of a <see cref="ChainDecoder"/> for one sequence; hands what it makes to the next step at once.</summary>
internal abstract class DecodeStep
{
    public abstract void Push(string token);

    public abstract void Flush();
}
