using System.CommandLine;
using System.Text.Json;
using Patchbay.Top;
using Spectre.Console;

namespace Patchbay.Commands;

/// <summary><c>patchbay top</c>: a running server's adapters and traffic in a terminal, live.</summary>
internal static class TopCommand
{
    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "Print one picture and end." };
        var command = new Command("top", "Show the adapters and the traffic of a running server, live.") { once };
        var remote = RemoteArguments.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(remote.CreateClient(parsed), parsed.GetValue(once), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(HttpClient client, bool once, CancellationToken cancellation)
    {
        using (client)
        {
            try
            {
                if (once || Console.IsOutputRedirected)
                {
                    AnsiConsole.Write(TopView.Draw(await ReadAsync(client, "/admin/traffic", cancellation), await ReadAsync(client, "/admin/adapters", cancellation)));
                    return ExitCode.Done;
                }
                await AnsiConsole.Live(new Markup("…")).StartAsync(view => WatchAsync(client, view, cancellation));
                return ExitCode.Done;
            }
            catch (OperationCanceledException)
            {
                return ExitCode.Done;
            }
            catch (Exception failure) when (failure is HttpRequestException or JsonException)
            {
                await Console.Error.WriteLineAsync($"The server does not answer: {failure.Message}");
                return ExitCode.Failed;
            }
        }
    }

    private static async Task WatchAsync(HttpClient client, LiveDisplayContext view, CancellationToken cancellation)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            view.UpdateTarget(TopView.Draw(await ReadAsync(client, "/admin/traffic", cancellation), await ReadAsync(client, "/admin/adapters", cancellation)));
        }
        while (await second.WaitForNextTickAsync(cancellation));
    }

    private static async Task<JsonElement> ReadAsync(HttpClient client, string path, CancellationToken cancellation)
    {
        using var answer = await client.GetAsync(path, cancellation);
        answer.EnsureSuccessStatusCode();
        using var body = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellation), cancellationToken: cancellation);
        return body.RootElement.Clone();
    }
}
