using Patchbay.Engine.Text.Tokenization.Decoders;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>The bytes of tokens as llama.cpp writes them: by the type of the token.</summary>
internal sealed class GgufDecoder(GgufTokenType[] types, bool isByteLevel, bool dropsFirstSpace) : ByteDecoder(dropsFirstSpace)
{
    protected override int Decode(int id, ReadOnlySpan<byte> token, Span<byte> bytes)
    {
        switch (types[id])
        {
            case GgufTokenType.Normal when isByteLevel:
                return ByteAlphabet.Decode(token, bytes);
            case GgufTokenType.Normal:
                return WriteSpaces(token, bytes);
            case GgufTokenType.Byte when ByteFallbackStep.TryParse(token, out bytes[0]):
                return 1;
            case GgufTokenType.Unused:
                return 0;
            default:
                token.CopyTo(bytes);
                return token.Length;
        }
    }

    private static int WriteSpaces(ReadOnlySpan<byte> token, Span<byte> bytes)
    {
        var written = 0;
        while (!token.IsEmpty)
        {
            var isMark = token.StartsWith(WordMark.Utf8);
            bytes[written++] = isMark ? (byte)' ' : token[0];
            token = token[(isMark ? WordMark.Utf8.Length : 1)..];
        }

        return written;
    }
}
