using System.Buffers;
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
        private readonly byte[] _held = new byte[3];
        private int _heldCount;
        private bool _dropsSpace = dropsSpace;

        public override void Push(int id, ReadOnlySpan<byte> token, StringBuilder text)
        {
            var most = _heldCount + token.Length;
            var buffer = most <= 256 ? stackalloc byte[256] : new byte[most];
            _held.AsSpan(0, _heldCount).CopyTo(buffer);
            var bytes = buffer[..(_heldCount + owner.Decode(id, token, buffer[_heldCount..]))];
            if (_dropsSpace && bytes.StartsWith((byte)' '))
            {
                bytes = bytes[1..];
            }

            _dropsSpace = false;
            _heldCount = UnfinishedTail(bytes);
            bytes[^_heldCount..].CopyTo(_held);
            Append(bytes[..^_heldCount], text);
        }

        public override void Skip() => _dropsSpace = false;

        public override void Flush(StringBuilder text)
        {
            Append(_held.AsSpan(0, _heldCount), text);
            _heldCount = 0;
        }

        private static void Append(ReadOnlySpan<byte> bytes, StringBuilder text)
        {
            // No byte makes more than one UTF-16 unit.
            var characters = bytes.Length <= 256 ? stackalloc char[256] : new char[bytes.Length];
            text.Append(characters[..Encoding.UTF8.GetChars(bytes, characters)]);
        }

        /// <summary>How many bytes at the end may be the start of a character.</summary>
        private static int UnfinishedTail(ReadOnlySpan<byte> bytes)
        {
            // A surrogate can be no character, but the decoder of CPython, which clients compare with, tells only at its third byte.
            if (bytes is [.., 0xED, >= 0xA0 and <= 0xBF])
            {
                return 2;
            }

            for (var length = Math.Min(3, bytes.Length); length > 0; length--)
            {
                if (Rune.DecodeFromUtf8(bytes[^length..], out _, out _) == OperationStatus.NeedMoreData)
                {
                    return length;
                }
            }

            return 0;
        }
    }
}
