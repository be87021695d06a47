using System.CommandLine;
using Patchbay.Remote;

namespace Patchbay.Commands;

/// <summary>Where a running server is and how to speak to it, for commands that change or list its adapters.</summary>
internal sealed class RemoteArguments
{
    private readonly Option<Uri?> _url = new("--url")
    {
        Description = "The server; http://127.0.0.1:8080 without it.",
        HelpName = "http://host:port",
        CustomParser = result =>
        {
            var text = result.Tokens is [var only] ? only.Value : "";
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                return url;
            }
            result.AddError($"'{text}' is no address; write it like http://127.0.0.1:8080.");
            return null;
        },
    };

    private readonly Option<string?> _key = new("--key") { Description = "An admin key; without it, the variable PATCHBAY_ADMIN_KEY.", HelpName = "key" };

    private RemoteArguments(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_key);
    }

    /// <summary>Adds the options to a command.</summary>
    public static RemoteArguments AddTo(Command command) => new(command);

    /// <summary>Whether a server is named.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_url) is not null;

    /// <summary>Runs against the server; a refusal goes to standard error.</summary>
    public async Task<int> RunAsync(ParseResult parsed, Func<AdminClient, Task> act)
    {
        var key = parsed.GetValue(_key) ?? Environment.GetEnvironmentVariable("PATCHBAY_ADMIN_KEY");
        using var client = new AdminClient(parsed.GetValue(_url) ?? new Uri("http://127.0.0.1:8080"), string.IsNullOrEmpty(key) ? null : key);
        try
        {
            await act(client);
            return ExitCode.Done;
        }
        catch (AdminException refusal)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
            return refusal.Status == 422 ? ExitCode.Refused : ExitCode.Failed;
        }
    }
}
