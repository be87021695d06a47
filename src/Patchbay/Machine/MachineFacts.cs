using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Patchbay.Engine;

namespace Patchbay.Machine;

/// <summary>What figures of speed depend on, so that each of them can be read later.</summary>
/// <param name="Processor">Its name.</param>
/// <param name="Cores">Logical processors that the process may use.</param>
/// <param name="InstructionSets">Those that the processor has and the runtime may use.</param>
/// <param name="Kernels">Which of them the kernels use.</param>
/// <param name="MemoryBytes">Memory that the process may use, a container's limit included.</param>
/// <param name="System">Operating system and architecture.</param>
/// <param name="Runtime">Version of .NET.</param>
/// <param name="Version">Version of this program.</param>
internal sealed record MachineFacts(
    string Processor,
    int Cores,
    IReadOnlyList<string> InstructionSets,
    KernelChoice Kernels,
    long MemoryBytes,
    string System,
    string Runtime,
    string Version)
{
    /// <exception cref="InvalidOperationException">The environment forces kernels that this processor cannot run.</exception>
    public static MachineFacts Read() => new(
        Machine.InstructionSets.ReadProcessorName() ?? ReadCpuInfo() ?? "unknown",
        Environment.ProcessorCount,
        Machine.InstructionSets.Read(),
        KernelChoice.Read(),
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
        RuntimeInformation.FrameworkDescription,
        typeof(MachineFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown");

    /// <summary>Processor, cores and path in one line.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Processor}, {Cores} logical processors, {(Kernels.Width == "scalar" ? "scalar kernels" : $"{Kernels.Width}-bit kernels")} (packed weights: {Kernels.PackedPath}), {Runtime}, patchbay {Version}");

    private static string? ReadCpuInfo() => LinuxFiles.FindField("/proc/cpuinfo", "model name") ?? LinuxFiles.FindField("/proc/cpuinfo", "CPU part");
}
