using System.CommandLine;
using Patchbay.Engine;
using Patchbay.Logits;

namespace Patchbay.Commands;

/// <summary><c>patchbay logits</c>: what the engine computes, number by number, so that others can check it.</summary>
internal static class LogitsCommand
{
    public static Command Create()
    {
        var root = new Option<string>("--root") { Description = "Directory that the paths in the cases are relative to.", Required = true, HelpName = "dir" };
        var cases = new Option<string>("--cases") { Description = "A cases.json: prompts as token ids, with base and adapters.", Required = true, HelpName = "file" };
        var output = new Option<string>("--out")
        {
            Description = "Written: NAME.logits (float32, rows × vocabulary) and NAME.greedy (int32) for every case.",
            Required = true,
            HelpName = "file.safetensors",
        };
        var weights = new Option<WeightFormat>("--weights") { Description = "How weights are held.", DefaultValueFactory = _ => WeightFormat.Native };
        var command = new Command("logits", "Compute logits and greedy tokens of recorded cases (exit code 3 if one was refused).")
        {
            root, cases, output, weights,
        };
        command.SetAction(parsed => RunAsync(
            parsed.GetValue(root)!, parsed.GetValue(cases)!, parsed.GetValue(output)!, parsed.GetValue(weights)));
        return command;
    }

    private static async Task<int> RunAsync(string root, string cases, string output, WeightFormat weights)
    {
        try
        {
            var runner = new LogitsRunner(root, weights);
            await runner.RunAsync(LogitsCase.Read(cases));
            runner.Write(output);
            return runner.HasRefused ? ExitCode.Refused : ExitCode.Done;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
            return ExitCode.Failed;
        }
    }
}
