using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>Tokens stand for bytes, and all bytes together are UTF-8; what is no valid UTF-8 becomes U+FFFD.</summary>
/// <param name="dropsFirstSpace">A space at the start of the first token is no part of the text.</param>
internal abstract class ByteDecoder(bool dropsFirstSpace) : TokenDecoder
{
    public override Decoding Start(bool isEager, bool isMidway = false) => new Sequence(this, dropsFirstSpace && !isMidway);

    public override byte[] TokenBytes(int id, ReadOnlySpan<byte> token)
    {
        var bytes = new byte[token.Length];
        return bytes[..Decode(id, token, bytes)];
    }

    /// <summary>Writes the bytes of a token, no more than its vocabulary entry has, and tells how many.</summary>
    protected abstract int Decode(int id, ReadOnlySpan<byte> token, Span<byte> bytes);

    private sealed class Sequence(ByteDecoder owner, bool dropsSpace) : Decoding
    {
        private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
        private bool _dropsSpace = dropsSpace;

        public override void Push(int id, ReadOnlySpan<byte> token, StringBuilder text)
        {
            Span<byte> buffer = token.Length <= 256 ? stackalloc byte[256] : new byte[token.Length];
            ReadOnlySpan<byte> bytes = buffer[..owner.Decode(id, token, buffer)];
            if (_dropsSpace && bytes.StartsWith((byte)' '))
            {
                bytes = bytes[1..];
            }

            _dropsSpace = false;
            Append(bytes, flush: false, text);
        }

        public override void Skip() => _dropsSpace = false;

        public override void Flush(StringBuilder text) => Append([], flush: true, text);

        private void Append(ReadOnlySpan<byte> bytes, bool flush, StringBuilder text)
        {
            // Every byte, and a sequence held back from before, makes at most one UTF-16 unit.
            Span<char> characters = bytes.Length <= 250 ? stackalloc char[256] : new char[bytes.Length + 6];
            text.Append(characters[.._utf8.GetChars(bytes, characters, flush)]);
        }
    }
}
