using System.CommandLine;
using Patchbay.Server.Adapters;

namespace Patchbay.Commands;

/// <summary><c>patchbay adapter bind</c>: writes down in base.json which exact base an adapter was trained on.</summary>
internal static class AdapterBindCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("directory") { Description = "The adapter." };
        var model = new Option<string>("--model", "-m") { Description = "The base that it was trained on.", HelpName = "path", Required = true };
        var revision = new Option<string?>("--revision") { Description = "The base's commit, where it is known.", HelpName = "commit" };
        var command = new Command("bind", "Write the digest of the base into an adapter's base.json, so that servers of another base refuse it.") { folder, model, revision };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(folder)!, parsed.GetValue(model)!, parsed.GetValue(revision), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string directory, string model, string? revision, CancellationToken cancellation)
    {
        if (!Directory.Exists(directory))
        {
            await Console.Error.WriteLineAsync($"No directory is at {directory}.");
            return ExitCode.Usage;
        }
        try
        {
            var digest = await BaseDigest.ComputeAsync(model, cancellation);
            new BaseFile(digest, revision).Write(directory);
            Console.WriteLine($"{BaseFile.Name}: {digest}. The adapter is another version now: its digest covers this file too.");
            return ExitCode.Done;
        }
        catch (Exception refusal) when (refusal is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
            return ExitCode.Failed;
        }
    }
}
