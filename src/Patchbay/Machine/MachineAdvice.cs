using Spectre.Console;

namespace Patchbay.Machine;

/// <summary>What a person could change on this machine, one sentence for each thing.</summary>
internal static class MachineAdvice
{
    // A connection is a file, and so is each part of a checkpoint.
    private const long FewFiles = 4096;

    public static IReadOnlyList<string> Give(MachineFacts machine, DoctorReport report)
    {
        var advice = new List<string>();
        if (machine.Kernels.Supported[0] != machine.Kernels.Width)
        {
            advice.Add($"Kernels run on {machine.Kernels.Width} although the processor has {machine.Kernels.Supported[0]}: {machine.Kernels.Reason}.");
        }
        if (machine.InstructionSets.Contains("AVX512-VNNI") && machine.Kernels.PackedPath == "AVX512BW")
        {
            advice.Add($"Packed weights would be multiplied faster by emitted code, which is not used here: {machine.Kernels.EmittedCode}.");
        }
        if (machine.Kernels.Supported is ["scalar"])
        {
            advice.Add("The runtime offers no vector instructions here, so everything is slow.");
        }
        if (report.OpenFileLimit is { } files && files < FewFiles)
        {
            advice.Add($"At most {files} files may be open, and each connection is one: raise it, for example with 'ulimit -n 65536'.");
        }
        if (report.AvailableMemoryBytes is { } available && available < machine.MemoryBytes / 8)
        {
            advice.Add("Less than an eighth of the memory is free: weights that are not in memory are read from disk again and again.");
        }
        var terminal = AnsiConsole.Profile.Capabilities;
        if (!Console.IsOutputRedirected && !terminal.Unicode)
        {
            advice.Add("The terminal does not say that it shows Unicode: answers may look broken; set LANG to a UTF-8 locale.");
        }
        if (!Console.IsOutputRedirected && !terminal.Ansi)
        {
            advice.Add("The terminal shows neither colours nor moving text; 'patchbay chat' prints plain lines.");
        }
        return advice;
    }
}
