using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Patchbay.Engine.Tensors;

/// <summary>
/// Zeroed memory outside the garbage collector, aligned to 64 bytes (one cache line, one 512-bit vector).
/// Whoever allocates it disposes it; nothing else frees it.
/// </summary>
internal sealed unsafe partial class NativeBuffer : IDisposable
{
    private const int Alignment = 64;
    private const nint LargePage = 2 << 20;
    private const int HugePages = 14; // MADV_HUGEPAGE of Linux
    private static long s_liveBytes;
    private void* _allocation;
    private byte* _data;

    public NativeBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Allocating.Value?.Invoke(length);

        // Zeroed by the operating system where it is large, so that pages cost memory only once they are used. Kernels may
        // read one vector past the last element of a row; the padding makes that read legal.
        _allocation = NativeMemory.AllocZeroed(checked((nuint)length + 2 * Alignment));
        _data = (byte*)(((nint)_allocation + Alignment - 1) & ~(Alignment - 1));
        Length = length;
        Interlocked.Add(ref s_liveBytes, length);
    }

    /// <summary>
    /// A buffer that is filled at once and wholly: the system is asked for large pages, of which it makes five hundred times fewer.
    /// </summary>
    public static NativeBuffer ToFill(long length)
    {
        var buffer = new NativeBuffer(length);
        if (OperatingSystem.IsLinux() && length >= LargePage)
        {
            // Only whole pages inside the allocation; a refusal changes nothing but the time it takes.
            var start = ((nint)buffer._data + LargePage - 1) & ~(LargePage - 1);
            var end = ((nint)buffer._data + (nint)length) & ~(LargePage - 1);
            _ = end > start ? Advise((void*)start, (nuint)(end - start), HugePages) : 0;
        }

        return buffer;
    }

    /// <summary>Bytes held by all buffers of the process that are not disposed yet.</summary>
    public static long LiveBytes => Interlocked.Read(ref s_liveBytes);

    /// <summary>
    /// Told of every allocation before it is made, in the flow of execution that set it and what that starts. Null but in tests,
    /// which let it throw <see cref="OutOfMemoryException"/>: Linux itself seldom says in time that there is no memory.
    /// </summary>
    internal static AsyncLocal<Action<long>?> Allocating { get; } = new();

    /// <summary>Length in bytes.</summary>
    public long Length { get; private set; }

    public byte* Data => _data;

    public float* Floats => (float*)_data;

    /// <summary>A buffer that holds <paramref name="count"/> values of <typeparamref name="T"/>.</summary>
    public static NativeBuffer Of<T>(long count)
        where T : unmanaged => new(checked(count * Unsafe.SizeOf<T>()));

    public Span<T> AsSpan<T>()
        where T : unmanaged => new(_data, checked((int)(Length / Unsafe.SizeOf<T>())));

    public void Dispose()
    {
        if (_data is null)
        {
            return;
        }

        NativeMemory.Free(_allocation);
        _allocation = null;
        _data = null;
        Interlocked.Add(ref s_liveBytes, -Length);
        Length = 0;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
