using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>Tokens pass through a chain of text steps, as in tokenizer.json; what comes out is concatenated.</summary>
/// <param name="steps">Each makes its step for a new sequence, given the step behind it.</param>
/// <param name="hasByteTokens">Whether the chain reads tokens like &lt;0x0A&gt; as bytes.</param>
internal sealed class ChainDecoder(IReadOnlyList<Func<ChainStart, DecodeStep, DecodeStep>> steps, bool hasByteTokens) : TokenDecoder
{
    public override Decoding Start(bool isEager, bool isMidway = false)
    {
        var output = new OutputStep();
        DecodeStep first = output;
        for (var i = steps.Count - 1; i >= 0; i--)
        {
            first = steps[i](new ChainStart(isEager, isMidway), first);
        }

        return new Sequence(first, output);
    }

    public override byte[] TokenBytes(int id, ReadOnlySpan<byte> token)
    {
        if (hasByteTokens && ByteFallbackStep.TryParse(token, out var value))
        {
            return [value];
        }

        var sequence = Start(isEager: false, isMidway: true);
        var text = new StringBuilder();
        sequence.Push(id, token, text);
        sequence.Flush(text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private sealed class Sequence(DecodeStep first, OutputStep output) : Decoding
    {
        public override void Push(int id, ReadOnlySpan<byte> token, StringBuilder text)
        {
            output.Text = text;
            first.Push(Encoding.UTF8.GetString(token));
        }

        public override void Flush(StringBuilder text)
        {
            output.Text = text;
            first.Flush();
        }
    }

    private sealed class OutputStep : DecodeStep
    {
        public StringBuilder Text { get; set; } = new();

        public override void Push(string token) => Text.Append(token);

        public override void Flush()
        {
        }
    }
}
