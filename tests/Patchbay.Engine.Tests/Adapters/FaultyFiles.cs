namespace Patchbay.Engine.Tests.Adapters;

/// <summary>The real files, of which one chosen opening or read fails.</summary>
internal sealed class FaultyFiles
{
    /// <summary>Openings and reads so far.</summary>
    public int Steps { get; private set; }

    /// <summary>Which one fails, counted from 1; 0 for none.</summary>
    public int FailAt { get; init; }

    /// <summary>Streams that were not disposed.</summary>
    public int OpenStreams { get; private set; }

    public Stream Open(FileInfo file)
    {
        Step(file);
        OpenStreams++;
        return new FaultyStream(file, this);
    }

    private void Step(FileInfo file)
    {
        if (++Steps == FailAt)
        {
            // As the runtime words it, with the path.
            throw new IOException($"Input/output error : '{file.FullName}'");
        }
    }

    private sealed class FaultyStream(FileInfo file, FaultyFiles files) : Stream
    {
        private readonly FileStream _inner = file.OpenRead();
        private bool _isDisposed;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => _inner.Length;

        public override long Position
        {
            get => _inner.Position;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            files.Step(file);
            return _inner.Read(buffer);
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            files.OpenStreams -= _isDisposed ? 0 : 1;
            _isDisposed = true;
            _inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
