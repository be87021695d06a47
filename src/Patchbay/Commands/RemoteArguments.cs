using System.CommandLine;
using System.Net.Http.Headers;

namespace Patchbay.Commands;

/// <summary>The options of commands that speak to a running server.</summary>
internal sealed class RemoteArguments
{
    private const string KeyVariable = "PATCHBAY_ADMIN_KEY";

    private readonly Option<string> _url = new("--url")
    {
        Description = "The server's address.",
        HelpName = "http://host:port",
        DefaultValueFactory = _ => "http://127.0.0.1:8080",
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = $"A key of the server; without it, {KeyVariable} from the environment.",
        HelpName = "key",
    };

    private RemoteArguments(Command command)
    {
        _url.Validators.Add(result =>
        {
            if (!Uri.TryCreate(result.GetValueOrDefault<string>(), UriKind.Absolute, out var address) || !address.Scheme.StartsWith("http", StringComparison.Ordinal))
            {
                result.AddError("--url is no address; write it like http://127.0.0.1:8080.");
            }
        });
        command.Options.Add(_url);
        command.Options.Add(_key);
    }

    /// <summary>Adds the options to a command.</summary>
    public static RemoteArguments AddTo(Command command) => new(command);

    /// <summary>A client that speaks to the named server with the key.</summary>
    public HttpClient CreateClient(ParseResult parsed)
    {
        var client = new HttpClient { BaseAddress = new Uri(parsed.GetValue(_url)!) };
        if ((parsed.GetValue(_key) ?? Environment.GetEnvironmentVariable(KeyVariable)) is { Length: > 0 } key)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
        return client;
    }
}
