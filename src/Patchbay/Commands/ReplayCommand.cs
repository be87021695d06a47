using System.CommandLine;
using System.Text.Json;

namespace Patchbay.Commands;

/// <summary><c>patchbay replay</c>: lets a running server make an answer again, and says whether it is the same.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The completion id of the answer, such as chatcmpl-…" };
        var prompt = new Option<FileInfo?>("--prompt")
        {
            Description = "JSON file with the request's 'messages' or 'prompt', where the server keeps no prompts.",
            HelpName = "file",
        };
        var command = new Command("replay", "Make an answer again, bit for bit, from what the server remembers of it.") { id, prompt };
        var remote = RemoteArguments.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var body = "{}";
            if (parsed.GetValue(prompt) is { } file)
            {
                if (!file.Exists)
                {
                    await Console.Error.WriteLineAsync("--prompt names no file.");
                    return ExitCode.Usage;
                }
                body = await File.ReadAllTextAsync(file.FullName, cancellation);
            }
            var isSame = false;
            var code = await remote.RunAsync(parsed, async client =>
                isSame = Show(await client.PostJsonAsync($"/admin/answers/{Uri.EscapeDataString(parsed.GetValue(id)!)}/replay", body, cancellation)));
            return code == ExitCode.Done && !isSame ? ExitCode.Failed : code;
        });
        return command;
    }

    private static bool Show(JsonElement answer)
    {
        foreach (var text in answer.GetProperty("texts").EnumerateArray())
        {
            Console.WriteLine(text.GetString());
        }
        var isSame = answer.GetProperty("same").GetBoolean();
        Console.Error.WriteLine(isSame ? "The same answer, bit for bit." : "Another answer than then: the weights or the machine differ.");
        return isSame;
    }
}
