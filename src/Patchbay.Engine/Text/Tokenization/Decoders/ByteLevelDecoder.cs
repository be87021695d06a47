namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>Tokens written in <see cref="ByteAlphabet"/>.</summary>
internal sealed class ByteLevelDecoder() : ByteDecoder(dropsFirstSpace: false)
{
    protected override int Decode(int id, ReadOnlySpan<byte> token, Span<byte> bytes) => ByteAlphabet.Decode(token, bytes);
}
