using System.Numerics;
using System.Runtime.InteropServices;

namespace Patchbay.Machine;

/// <summary>
/// How fast a plain loop reads memory: the limit of decoding one stream, which reads every weight once for each token.
/// </summary>
internal static unsafe class ReadBandwidth
{
    private const int Passes = 5;

    // Far beyond the caches of any processor, as weights are.
    private const long MostBytes = 512L << 20;

    /// <summary>Gigabytes (10⁹ bytes) per second of all threads together; the best of five passes.</summary>
    public static double Measure(int threads)
    {
        var bytes = Math.Min(MostBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8) / threads / 4096 * 4096 * threads;
        var memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        try
        {
            new Span<byte>(memory, (int)bytes).Fill(1);
            return Enumerable.Range(0, Passes).Max(_ => Pass(memory, bytes, threads));
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private static double Pass(byte* memory, long bytes, int threads)
    {
        var part = bytes / threads;
        var sums = new long[threads];
        using var ready = new Barrier(threads + 1);
        var workers = Enumerable.Range(0, threads).Select(index => new Thread(() =>
        {
            ready.SignalAndWait();
            sums[index] = Sum(memory + (index * part), part);
        })).ToArray();
        Array.ForEach(workers, worker => worker.Start());
        ready.SignalAndWait();
        var started = TimeProvider.System.GetTimestamp();
        Array.ForEach(workers, worker => worker.Join());
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        // The sum is checked so that it is computed.
        return sums.Sum() > 0 ? bytes / seconds / 1e9 : throw new InvalidOperationException("Memory changed while it was read.");
    }

    private static long Sum(byte* memory, long bytes)
    {
        var width = (nint)Vector<long>.Count * sizeof(long);
        var (a, b, c, d) = (Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero);
        for (nint i = 0; i < bytes; i += 4 * width)
        {
            a += Vector.Load((long*)(memory + i));
            b += Vector.Load((long*)(memory + i + width));
            c += Vector.Load((long*)(memory + i + (2 * width)));
            d += Vector.Load((long*)(memory + i + (3 * width)));
        }
        return Vector.Sum(a + b + c + d);
    }
}
