using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Patchbay.Machine;

namespace Patchbay.Commands;

/// <summary><c>patchbay doctor</c>: what this machine has, what the kernels make of it, and what could be better.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var asJson = new Option<bool>("--json") { Description = "Print the report as JSON." };
        var command = new Command("doctor", "Look at this machine: processor, kernels, memory and its speed, limits.") { asJson };
        command.SetAction(parsed => Run(parsed.GetValue(asJson)));
        return command;
    }

    private static int Run(bool asJson)
    {
        DoctorReport report;
        try
        {
            report = DoctorReport.Read();
        }
        catch (InvalidOperationException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return ExitCode.Failed;
        }
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, MachineJson.Default.DoctorReport));
        }
        else
        {
            Write(Console.Out, report);
        }
        return ExitCode.Done;
    }

    private static void Write(TextWriter output, DoctorReport report)
    {
        var machine = report.Machine;
        var memory = report.AvailableMemoryBytes is { } available ? $", {ByteSize.Show(available)} of it available" : "";
        (string Label, string Text)[] lines =
        [
            ("processor", machine.Processor),
            ("logical processors", machine.Cores.ToString(CultureInfo.InvariantCulture)),
            ("instruction sets", string.Join(", ", machine.InstructionSets)),
            ("kernels", $"{machine.Kernels.Width}: {machine.Kernels.Reason} (possible: {string.Join(", ", machine.Kernels.Supported)})"),
            ("packed weights", machine.Kernels.PackedPath),
            ("emitted code", machine.Kernels.EmittedCode),
            ("memory", ByteSize.Show(machine.MemoryBytes) + memory),
            ("memory speed", string.Create(
                CultureInfo.InvariantCulture,
                $"{report.ReadGigabytesPerSecond:F1} GB/s read by all processors, {report.ReadGigabytesPerSecondOneThread:F1} by one: one stream decodes at most so many GB of weights a second")),
            ("open files", report.OpenFileLimit is { } files ? files.ToString(CultureInfo.InvariantCulture) : "unknown"),
            ("system", machine.System),
            ("versions", $"patchbay {machine.Version}, {machine.Runtime}"),
        ];
        foreach (var (label, text) in lines)
        {
            output.WriteLine($"{label,-19} {text}");
        }
        output.WriteLine();
        foreach (var sentence in report.Advice.DefaultIfEmpty("Nothing to advise."))
        {
            output.WriteLine(sentence);
        }
    }
}
