namespace Patchbay.Control.Versions;

/// <summary>Asks after every read whether there may be more; does not own the stream.</summary>
internal sealed class BoundedStream(Stream inner, Action check) : ReadOnlyStream
{
    public override int Read(Span<byte> buffer)
    {
        var count = inner.Read(buffer);
        check();
        return count;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        check();
        return count;
    }
}
