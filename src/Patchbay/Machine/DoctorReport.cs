namespace Patchbay.Machine;

/// <summary>What <c>patchbay doctor</c> found.</summary>
/// <param name="Machine">Processor, memory and versions.</param>
/// <param name="AvailableMemoryBytes">Memory that is free or can be freed at once; null where the system does not say.</param>
/// <param name="ReadGigabytesPerSecondOneThread">A plain read loop on one thread.</param>
/// <param name="ReadGigabytesPerSecond">The same on all logical processors.</param>
/// <param name="OpenFileLimit">Files that the process may have open; null where the system does not say.</param>
internal sealed record DoctorReport(
    MachineFacts Machine,
    long? AvailableMemoryBytes,
    double ReadGigabytesPerSecondOneThread,
    double ReadGigabytesPerSecond,
    long? OpenFileLimit)
{
    /// <summary>What could be changed; empty where nothing needs to be.</summary>
    public IReadOnlyList<string> Advice { get; private init; } = [];

    /// <exception cref="InvalidOperationException">The environment forces kernels that this processor cannot run.</exception>
    public static DoctorReport Read()
    {
        var machine = MachineFacts.Read();
        var report = new DoctorReport(
            machine,
            LinuxFiles.FindBytes("/proc/meminfo", "MemAvailable"),
            ReadBandwidth.Measure(1),
            ReadBandwidth.Measure(machine.Cores),
            FindOpenFileLimit());
        return report with { Advice = MachineAdvice.Give(machine, report) };
    }

    // The line has the soft limit, the hard limit and the unit.
    private static long? FindOpenFileLimit() =>
        LinuxFiles.FindField("/proc/self/limits", "Max open files")?.Split(' ')[0] is { } soft && long.TryParse(soft, out var limit) ? limit : null;
}
