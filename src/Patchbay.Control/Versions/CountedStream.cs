namespace Patchbay.Control.Versions;

/// <summary>Counts what is read from a stream and keeps its last bytes; does not own it.</summary>
internal sealed class CountedStream(Stream inner) : ReadOnlyStream
{
    private readonly byte[] _last = new byte[512];

    /// <summary>Bytes that were read so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether the last 512 bytes that were read are all zero.</summary>
    public bool EndsInZeros => Count >= _last.Length && !_last.AsSpan().ContainsAnyExcept((byte)0);

    public override int Read(Span<byte> buffer) => Note(buffer, inner.Read(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        return Note(buffer.Span, count);
    }

    private int Note(ReadOnlySpan<byte> buffer, int count)
    {
        Count += count;
        var seen = buffer[..count];
        if (count >= _last.Length)
        {
            seen[^_last.Length..].CopyTo(_last);
        }
        else
        {
            _last.AsSpan(count).CopyTo(_last);
            seen.CopyTo(_last.AsSpan(_last.Length - count));
        }
        return count;
    }
}
