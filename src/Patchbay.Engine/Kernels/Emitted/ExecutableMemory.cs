using System.Runtime.InteropServices;

namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>
/// Machine code in memory that is written first and made read-and-execute then, never both at once. Lives as long as the process.
/// </summary>
internal static unsafe partial class ExecutableMemory
{
    private const int Read = 1;
    private const int Write = 2;
    private const int Execute = 4;
    private const int PrivateAnonymous = 0x22;

    /// <summary>Where the code can be called, or 0 if the system forbids it (SELinux, seccomp and the like).</summary>
    public static nint TryCreate(ReadOnlySpan<byte> code)
    {
        var length = (nuint)code.Length;
        var memory = Map(0, length, Read | Write, PrivateAnonymous, -1, 0);
        if (memory == -1)
        {
            return 0;
        }

        code.CopyTo(new Span<byte>((void*)memory, code.Length));
        if (Protect(memory, length, Read | Execute) == 0)
        {
            return memory;
        }

        _ = Unmap(memory, length);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unmap(nint address, nuint length);
}
