using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// How much of a processor the calling thread gets. A worker that another process keeps from running holds its task for a time slice,
/// milliseconds, for which all others wait; with half a processor and less they are faster without it. On other systems than Linux nothing is
/// measured.
/// </summary>
internal partial struct ProcessorShare
{
    // What a thread gets beside one other that wants the same processor is a half, beside one that moves between two of them two thirds.
    private const double LeastShare = 0.6;
    private const double FirstRestSeconds = 0.1;
    private const double LongestRestSeconds = 0.8;
    private const int ThreadCpuClock = 3; // CLOCK_THREAD_CPUTIME_ID

    private static readonly long s_window = Stopwatch.Frequency * 30 / 1000;
    private long _wall;
    private long _cpu;
    private double _restSeconds;

    /// <summary>Begins to measure: at the start, and after every wait, which is no sign of a busy processor.</summary>
    public void Begin() => (_wall, _cpu) = (Stopwatch.GetTimestamp(), CpuNanoseconds());

    /// <summary>
    /// Every 30 ms, whether the thread should do nothing for a while, and how long; else zero. From 0.1 s on, doubled up to 0.8 s as long as it fares no
    /// better in between.
    /// </summary>
    public TimeSpan FindRest()
    {
        var wall = Stopwatch.GetTimestamp() - _wall;
        if (wall < s_window || !OperatingSystem.IsLinux())
        {
            return TimeSpan.Zero;
        }

        var share = (CpuNanoseconds() - _cpu) * 1e-9 / ((double)wall / Stopwatch.Frequency);
        _restSeconds = share < LeastShare ? Math.Clamp(2 * _restSeconds, FirstRestSeconds, LongestRestSeconds) : 0;
        Begin();
        return TimeSpan.FromSeconds(_restSeconds);
    }

    private static unsafe long CpuNanoseconds()
    {
        var time = stackalloc long[2];
        return OperatingSystem.IsLinux() && GetTime(ThreadCpuClock, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : 0;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int GetTime(int clock, long* time);
}
