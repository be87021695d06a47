using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Patchbay.Remote;

namespace Patchbay.Commands;

/// <summary><c>patchbay adapter push</c>, <c>release</c> and <c>rollback</c>: change what a running server answers with.</summary>
internal static class AdapterVersionCommands
{
    public static Command CreatePush()
    {
        var folder = new Argument<string>("directory") { Description = "What PEFT saved: adapter_config.json beside adapter_model.safetensors." };
        var name = new Option<string>("--name") { Description = "The adapter's name; without it, the directory's.", HelpName = "name" };
        var keep = new Option<bool>("--no-release") { Description = "Keep it as a version that can be released, and let the present one answer." };
        var reason = Reason();
        var expected = new Option<long?>("--expect-generation") { Description = "Refuse if the name has moved on from this generation.", HelpName = "number" };
        var command = new Command("push", "Send an adapter to a server: checked, kept as a version, and answering at once.") { folder, name, keep, reason, expected };
        var remote = RemoteArguments.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var directory = Path.GetFullPath(parsed.GetValue(folder)!);
            if (!Directory.Exists(directory))
            {
                await Console.Error.WriteLineAsync($"No directory is at {directory}.");
                return ExitCode.Usage;
            }
            var target = parsed.GetValue(name) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(directory));
            var query = $"?release={(parsed.GetValue(keep) ? "false" : "true")}"
                + (parsed.GetValue(reason) is { } why ? $"&reason={Uri.EscapeDataString(why)}" : "")
                + (parsed.GetValue(expected) is { } generation ? string.Create(CultureInfo.InvariantCulture, $"&expected_generation={generation}") : "");
            return await remote.RunAsync(parsed, async server =>
                Report(await server.PutDirectoryAsync($"/admin/adapters/{Uri.EscapeDataString(target)}{query}", directory, cancellation)));
        });
        return command;
    }

    public static Command CreateRelease()
    {
        var digest = new Argument<string>("digest") { Description = "The version: at least 8 digits of its digest." };
        var command = new Command("release", "Let a kept version answer under its name.") { NameArgument(), digest };
        return Complete(command, "release", parsed => parsed.GetValue(digest));
    }

    public static Command CreateRollback()
    {
        var digest = new Option<string?>("--digest") { Description = "The version to go back to; without it, the one before.", HelpName = "digits" };
        var command = new Command("rollback", "Go back to the version that answered before.") { NameArgument(), digest };
        return Complete(command, "rollback", parsed => parsed.GetValue(digest));
    }

    private static Command Complete(Command command, string verb, Func<ParseResult, string?> digest)
    {
        var reason = Reason();
        command.Options.Add(reason);
        var remote = RemoteArguments.AddTo(command);
        command.SetAction((parsed, cancellation) => remote.RunAsync(parsed, async server =>
        {
            var name = parsed.GetValue<string>("name")!;
            var moved = await server.PostAsync(
                $"/admin/adapters/{Uri.EscapeDataString(name)}/{verb}",
                new Dictionary<string, string?> { ["digest"] = digest(parsed), ["reason"] = parsed.GetValue(reason) }, cancellation);
            Console.WriteLine($"{name} answers with {Short(moved, "digest")} (generation {moved.GetProperty("generation")}); before: {Short(moved, "previous_digest")}");
        }));
        return command;
    }

    private static Argument<string> NameArgument() => new("name") { Description = "The adapter's name." };

    private static Option<string?> Reason() => new("--reason") { Description = "Why, for the record of changes.", HelpName = "text" };

    private static void Report(JsonElement uploaded)
    {
        var what = uploaded.GetProperty("released").GetBoolean() ? $"answers, generation {uploaded.GetProperty("generation")}" : "kept, not released";
        Console.WriteLine($"{uploaded.GetProperty("name").GetString()}  {uploaded.GetProperty("digest").GetString()}  ({what})");
        var probe = uploaded.GetProperty("probe");
        Console.WriteLine($"probes: {probe.GetProperty("outcome").GetString()} ({probe.GetProperty("checks")})");
        foreach (var warning in uploaded.GetProperty("warnings").EnumerateArray())
        {
            Console.Error.WriteLine($"warning: {warning.GetString()}");
        }
    }

    private static string Short(JsonElement element, string field) => element.GetProperty(field).GetString() is { Length: > 19 } digest ? digest[7..19] : "nothing";
}
