using System.Buffers.Binary;
using System.Text;

namespace Patchbay.Engine.Checkpoints.Gguf;

/// <summary>Walks over the header of a GGUF file; never reads beyond its length and names what it was about to read.</summary>
internal unsafe ref struct GgufReader(byte* data, long length)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    public readonly long Remaining => length - Position;

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), what));

    /// <summary>
    /// A count of things that take at least <paramref name="minimumBytes"/> each, so that it cannot exceed what the
    /// file can hold.
    /// </summary>
    public long ReadCount(string what, int minimumBytes)
    {
        var count = ReadUInt64(what);
        return count <= (ulong)(Remaining / minimumBytes)
            ? (long)count
            : throw new InvalidDataException(
                $"GGUF {what}: expected at most {Remaining / minimumBytes} (what the file can hold), found {count}.");
    }

    /// <summary>Length-prefixed bytes.</summary>
    public ReadOnlySpan<byte> ReadBytes(string what)
    {
        var count = ReadUInt64(what);
        return count <= (ulong)Math.Min(Remaining, int.MaxValue)
            ? Take((int)count, what)
            : throw new InvalidDataException(
                $"GGUF {what}: expected a length of at most {Remaining} bytes (the rest of the file), found {count}.");
    }

    public static string Decode(ReadOnlySpan<byte> bytes, string what)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException($"GGUF {what}: expected UTF-8, found invalid bytes.");
        }
    }

    public void Skip(long count, string what)
    {
        if (count > Remaining)
        {
            throw EndOfFile(what, count);
        }

        Position += count;
    }

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > Remaining)
        {
            throw EndOfFile(what, count);
        }

        var bytes = new ReadOnlySpan<byte>(data + Position, count);
        Position += count;
        return bytes;
    }

    private readonly InvalidDataException EndOfFile(string what, long count) =>
        new($"GGUF {what}: expected {count} bytes, found the end of the file after {Remaining}.");
}
