using Patchbay.Control.Versions;

namespace Patchbay.Control.Tests.VersionFiles;

/// <summary>
/// The real disk, on which one chosen step fails. With <see cref="IsCrash"/> everything after it fails too, as if the
/// process had ended there. Does not flush: tests end no power.
/// </summary>
internal sealed class FaultyFiles : IStoreFiles
{
    /// <summary>Steps so far.</summary>
    public int Steps { get; private set; }

    /// <summary>Which step fails, counted from 1; 0 for none.</summary>
    public int FailAt { get; set; }

    /// <summary>What it fails with.</summary>
    public Func<Exception> Failure { get; set; } = () => new IOException("no space left", 28);

    public bool IsCrash { get; set; }

    public bool HasFailed { get; private set; }

    public void Restart()
    {
        (FailAt, Steps, HasFailed) = (0, 0, false);
    }

    public void CreateDirectory(string path)
    {
        Step();
        DiskFiles.Instance.CreateDirectory(path);
    }

    public Stream CreateFile(string path)
    {
        Step();
        return new FaultyStream(DiskFiles.Instance.CreateFile(path), this);
    }

    public void Seal(Stream file, string path)
    {
        Step();
        File.SetAttributes(path, FileAttributes.ReadOnly);
    }

    public void FlushDirectory(string path) => Step();

    public void Rename(string from, string to)
    {
        Step();
        DiskFiles.Instance.Rename(from, to);
    }

    public long DeleteFile(string path)
    {
        Step();
        return DiskFiles.Instance.DeleteFile(path);
    }

    public void Delete(string path)
    {
        Step();
        DiskFiles.Instance.Delete(path);
    }

    /// <summary>Counts a step and fails where it has to.</summary>
    public void Step()
    {
        Steps++;
        if ((IsCrash && HasFailed) || Steps == FailAt)
        {
            HasFailed = true;
            throw Failure();
        }
    }

    private sealed class FaultyStream(Stream inner, FaultyFiles files) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            files.Step();
            return inner.WriteAsync(buffer, cancellationToken);
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
