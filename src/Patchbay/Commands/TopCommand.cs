using System.CommandLine;
using Patchbay.Remote;
using Patchbay.Top;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Patchbay.Commands;

/// <summary><c>patchbay top</c>: a running server's adapters and traffic in a terminal, live.</summary>
internal static class TopCommand
{
    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "Print one picture and end." };
        var command = new Command("top", "Show the adapters and the traffic of a running server, live.") { once };
        var remote = RemoteArguments.AddTo(command);
        command.SetAction((parsed, cancellation) => remote.RunAsync(
            parsed, client => ShowAsync(client, parsed.GetValue(once) || Console.IsOutputRedirected, cancellation)));
        return command;
    }

    private static async Task ShowAsync(AdminClient client, bool once, CancellationToken cancellation)
    {
        if (once)
        {
            AnsiConsole.Write(await DrawAsync(client, cancellation));
            return;
        }
        try
        {
            await AnsiConsole.Live(new Markup("…")).StartAsync(view => WatchAsync(client, view, cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl+C is how one leaves.
        }
    }

    private static async Task WatchAsync(AdminClient client, LiveDisplayContext view, CancellationToken cancellation)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            view.UpdateTarget(await DrawAsync(client, cancellation));
        }
        while (await second.WaitForNextTickAsync(cancellation));
    }

    private static async Task<IRenderable> DrawAsync(AdminClient client, CancellationToken cancellation) => TopView.Draw(
        await client.GetAsync("/admin/traffic", cancellation), await client.GetAsync("/admin/adapters", cancellation));
}
