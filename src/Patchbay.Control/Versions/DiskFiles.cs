using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Patchbay.Control.Versions;

/// <summary>The real disk.</summary>
internal sealed partial class DiskFiles : IStoreFiles
{
    private readonly bool _isDurable;

    private DiskFiles(bool isDurable) => _isDurable = isDurable;

    /// <summary>For what must outlive the machine's power.</summary>
    public static DiskFiles Instance { get; } = new(isDurable: true);

    /// <summary>For what ends with the process: nothing waits for the disk.</summary>
    public static DiskFiles Temporary { get; } = new(isDurable: false);

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public Stream CreateFile(string path) => new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);

    public void Seal(Stream file, string path)
    {
        var disk = (FileStream)file;
        disk.Flush(_isDurable);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(disk.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    public void FlushDirectory(string path)
    {
        // Windows writes names with the file; elsewhere a name is durable when its directory is. .NET opens no directories.
        if (OperatingSystem.IsWindows() || !_isDurable)
        {
            return;
        }
        var descriptor = Open(path, 0);
        if (descriptor < 0)
        {
            throw new IOException("A directory of the store cannot be opened.", Marshal.GetLastPInvokeError());
        }
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(handle);
    }

    public void Rename(string from, string to) => Directory.Move(from, to);

    public long DeleteFile(string path)
    {
        var file = new FileInfo(path);
        var bytes = file.Length;
        file.Delete();
        return bytes;
    }

    public void Delete(string path) => Directory.Delete(path, recursive: true);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
