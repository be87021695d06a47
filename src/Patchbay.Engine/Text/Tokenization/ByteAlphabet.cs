using System.Text;

namespace Patchbay.Engine.Text.Tokenization;

/// <summary>
/// GPT-2's way to write any byte as one visible character: printable Latin-1 stands for itself, the other 68 bytes are
/// U+0100 and up in order (encoder.py, bytes_to_unicode).
/// </summary>
internal static class ByteAlphabet
{
    private const int First = 0x100;
    private const int End = First + 68;

    private static readonly char[] Characters = MakeCharacters();
    private static readonly short[] Bytes = MakeBytes();

    public static char ToCharacter(byte value) => Characters[value];

    /// <summary>The byte behind a character, -1 when it is none of the alphabet.</summary>
    public static int ToByte(int character) => character < End ? Bytes[character] : -1;

    /// <summary>The bytes that a token stands for; a token with any other character stands for its own UTF-8.</summary>
    /// <param name="token">UTF-8 as in the vocabulary.</param>
    /// <param name="destination">At least as long as the token.</param>
    public static int Decode(ReadOnlySpan<byte> token, Span<byte> destination)
    {
        var written = 0;
        for (var i = 0; i < token.Length;)
        {
            Rune.DecodeFromUtf8(token[i..], out var rune, out var length);
            var value = ToByte(rune.Value);
            if (value < 0)
            {
                token.CopyTo(destination);
                return token.Length;
            }

            destination[written++] = (byte)value;
            i += length;
        }

        return written;
    }

    /// <summary>The text with every byte of its UTF-8 written as a character of the alphabet.</summary>
    public static string Encode(ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        return string.Create(bytes.Length, bytes, static (characters, bytes) =>
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                characters[i] = Characters[bytes[i]];
            }
        });
    }

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        var next = First;
        for (var value = 0; value < 256; value++)
        {
            var isVisible = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            characters[value] = isVisible ? (char)value : (char)next++;
        }

        return characters;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[End];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < 256; value++)
        {
            bytes[Characters[value]] = (short)value;
        }

        return bytes;
    }
}
