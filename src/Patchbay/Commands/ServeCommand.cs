using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Patchbay.Control.Access;
using Patchbay.Control.Journal;
using Patchbay.Control.Versions;
using Patchbay.Engine;
using Patchbay.Server;
using Patchbay.Server.Hosting;

namespace Patchbay.Commands;

/// <summary><c>patchbay serve</c>: answers over HTTP until it is told to stop.</summary>
internal sealed class ServeCommand
{
    // Touched by Program before anything else. Not the start of the process: a script that replaced itself by this program
    // began long before.
    internal static readonly long Started = TimeProvider.System.GetTimestamp();

    private readonly Command _command = new("serve", "Serve the model and its adapters over an OpenAI-compatible API.");

    private readonly EngineArguments _engine;

    private readonly Option<string?> _url = new("--url")
    {
        Description = "Address to listen on; beyond loopback only with keys.",
        HelpName = "http://host:port",
    };

    private readonly Option<int> _port = new("--port", "-p")
    {
        Description = "Port on 127.0.0.1, instead of --url; 0 takes a free one.",
        HelpName = "port",
        DefaultValueFactory = _ => 8080,
    };

    private readonly Option<bool> _allowAdapterPaths = new("--allow-adapter-paths")
    {
        Description = "Let callers load adapters from directories outside --adapters.",
    };

    private readonly Option<string[]> _allowHosts = new("--allow-host")
    {
        Description = "Answer requests addressed to this host name too, as a reverse proxy sends them.",
        HelpName = "name",
    };

    private readonly Option<string?> _keys = KeyArguments.CreateOption();

    private readonly AdapterArguments _adapters;

    private readonly Option<string?> _webhook = new("--webhook") { Description = "Address that is told of every change of a release.", HelpName = "url" };

    private readonly Option<string?> _webhookSecret = new("--webhook-secret-file")
    {
        Description = "File with the secret that signs what --webhook is sent.",
        HelpName = "file",
    };

    private ServeCommand()
    {
        _port.TakeFrom(0, ushort.MaxValue);
        _engine = EngineArguments.AddTo(_command);
        _adapters = AdapterArguments.AddTo(_command);
        _command.Options.Add(_url);
        _command.Options.Add(_port);
        _command.Options.Add(_allowAdapterPaths);
        _command.Options.Add(_allowHosts);
        _command.Options.Add(_keys);
        _command.Options.Add(_webhook);
        _command.Options.Add(_webhookSecret);
        _command.SetAction(RunAsync);
    }

    public static Command Create() => new ServeCommand()._command;

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var url = parsed.GetValue(_url) ?? $"http://127.0.0.1:{parsed.GetValue(_port)}";
        KeyRing keys;
        try
        {
            keys = KeyArguments.Read(parsed.GetValue(_keys), Environment.GetEnvironmentVariable);
        }
        catch (Exception bad) when (bad is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(bad.Message);
            return ExitCode.Usage;
        }
        if (FindAddressProblem(url, keys) is { } problem)
        {
            await Console.Error.WriteLineAsync(problem);
            return ExitCode.Usage;
        }
        var (webhook, webhookProblem) = ReadWebhook(parsed.GetValue(_webhook), parsed.GetValue(_webhookSecret));
        if (webhookProblem is not null)
        {
            await Console.Error.WriteLineAsync(webhookProblem);
            return ExitCode.Usage;
        }
        if (_engine.Locate(parsed) is not { } location)
        {
            return ExitCode.Usage;
        }
        var engine = _engine.Read(parsed, location);
        var options = _adapters.Read(parsed, new PatchbayServerOptions
        {
            Engine = engine,
            // The model is read while the host is put together.
            EngineOpening = InferenceEngine.OpenAsync(engine, cancellation),
            AdaptersDirectory = location.Adapters,
            AllowAdapterPaths = parsed.GetValue(_allowAdapterPaths),
            AllowedHosts = AllowedHosts(new Uri(url), parsed.GetValue(_allowHosts) ?? []),
            Keys = keys,
            Webhook = webhook,
        });
        return await ServeAsync(PatchbayServer.Build(options, url), location, cancellation);
    }

    private static (ReleaseWebhookOptions? Webhook, string? Problem) ReadWebhook(string? url, string? secretFile)
    {
        if (url is null && secretFile is null)
        {
            return (null, null);
        }
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            return (null, "--webhook must be an absolute http or https address.");
        }
        try
        {
            var secret = secretFile is null ? "" : File.ReadAllText(secretFile).Trim();
            return secret.Length >= 16
                ? (new ReleaseWebhookOptions(address, secret), null)
                : (null, "--webhook needs a --webhook-secret-file that holds at least 16 characters.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return (null, $"--webhook-secret-file: {unreadable.Message}");
        }
    }

    private static async Task<int> ServeAsync(WebApplication application, ModelLocation location, CancellationToken cancellation)
    {
        await using (application)
        {
            try
            {
                await application.StartAsync(cancellation);
            }
            catch (IOException taken)
            {
                await Console.Error.WriteLineAsync($"Cannot listen: {taken.Message} Choose another port with --port.");
                return ExitCode.Failed;
            }
            var runtime = application.Services.GetRequiredService<PatchbayRuntime>();
            try
            {
                var report = await SlowStep.WatchAsync(runtime.Started, "Opening the model", TimeProvider.System);
                ServeReport.Write(Console.Out, report, application.Urls.First(), TimeProvider.System.GetElapsedTime(Started));
            }
            catch (OperationCanceledException)
            {
                await application.WaitForShutdownAsync(CancellationToken.None);
                return ExitCode.Done;
            }
            catch (Exception failure) when (failure is JournalException or VersionRefusedException)
            {
                await Console.Error.WriteLineAsync($"Cannot open the data directory: {failure.Message}");
                await application.StopAsync(CancellationToken.None);
                return ExitCode.Failed;
            }
            catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException)
            {
                await Console.Error.WriteLineAsync($"Cannot open the model {location.Model}: {failure.Message}");
                await application.StopAsync(CancellationToken.None);
                return ExitCode.Failed;
            }
            await application.WaitForShutdownAsync(cancellation);
            return ExitCode.Done;
        }
    }

    // Without keys, whoever reaches the port can use the model and change its adapters.
    private static string? FindAddressProblem(string url, KeyRing keys)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttp)
        {
            return $"'{url}' is no address to listen on; write it like http://127.0.0.1:8080.";
        }
        if (!keys.IsEmpty && keys.CountOf(Role.Admin) == 0)
        {
            return "There are keys, but none with the role admin: nobody could change anything. Make one with 'patchbay key create --role admin'.";
        }
        return IsLoopback(address) || !keys.IsEmpty
            ? null
            : $"Without keys this server listens on loopback only and not on {address.Host}. Make keys with 'patchbay key create' and name them with --keys.";
    }

    // Beyond loopback the keys protect; a host name need not be known in advance there.
    private static string[] AllowedHosts(Uri address, string[] named) => IsLoopback(address)
        ? ["localhost", "127.0.0.1", "[::1]", address.Host, .. named]
        : named;

    private static bool IsLoopback(Uri address) =>
        address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
