using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Patchbay.Commands;

/// <summary><c>patchbay release</c>: starts gradual releases on a running server and says how they go.</summary>
internal static class ReleaseCommand
{
    private static readonly Option<string> Url = new("--url")
    {
        Description = "Address of the server.",
        HelpName = "http://host:port",
        DefaultValueFactory = _ => "http://127.0.0.1:8080",
    };

    private static readonly Option<string?> Reason = new("--reason") { Description = "Why; stands in the audit.", HelpName = "text" };

    private static readonly Argument<string> Id = new("id") { Description = "The release, such as rel-12." };

    public static Command Create() => new("release", "Give a version to more and more callers while it does no harm.")
    {
        CreateStart(),
        CreateStatus(),
        CreateOrder("promote", "Let the candidate answer everything now."),
        CreateOrder("pause", "Stay at the present share; guards go on watching."),
        CreateOrder("resume", "Go on after a pause."),
        CreateOrder("abort", "End it; the stable version answers alone."),
        CreateHistory(),
    };

    private static Command CreateStart()
    {
        var file = new Argument<string>("file") { Description = "The release as JSON: alias, candidate, steps, guards, judges; - reads standard input." };
        var command = new Command("start", "Start a release.") { file, Url };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, async client =>
        {
            var text = parsed.GetValue(file) == "-" ? await Console.In.ReadToEndAsync(cancellation) : await File.ReadAllTextAsync(parsed.GetValue(file)!, cancellation);
            return await SendAsync(client, HttpMethod.Post, "/admin/releases", text, WriteRelease, cancellation);
        }));
        return command;
    }

    private static Command CreateStatus()
    {
        var id = new Argument<string?>("id") { Description = "The release; all of them where it is left out.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("status", "Say where releases are.") { id, Url };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, client => parsed.GetValue(id) is { } one
            ? SendAsync(client, HttpMethod.Get, "/admin/releases/" + Uri.EscapeDataString(one), null, WriteRelease, cancellation)
            : SendAsync(client, HttpMethod.Get, "/admin/releases", null, WriteList, cancellation)));
        return command;
    }

    private static Command CreateOrder(string name, string description)
    {
        var command = new Command(name, description) { Id, Reason, Url };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, client =>
        {
            var body = parsed.GetValue(Reason) is { } reason ? $"{{\"reason\":\"{JsonEncodedText.Encode(reason)}\"}}" : "{}";
            return SendAsync(client, HttpMethod.Post, $"/admin/releases/{Uri.EscapeDataString(parsed.GetValue(Id)!)}/{name}", body, WriteRelease, cancellation);
        }));
        return command;
    }

    private static Command CreateHistory()
    {
        var command = new Command("history", "Say what happened to a release.") { Id, Url };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, client =>
            SendAsync(client, HttpMethod.Get, "/admin/releases/" + Uri.EscapeDataString(parsed.GetValue(Id)!), null, WriteHistory, cancellation)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Func<HttpClient, Task<int>> act)
    {
        if (!Uri.TryCreate(parsed.GetValue(Url), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            await Console.Error.WriteLineAsync($"--url: '{parsed.GetValue(Url)}' is no address; write it like http://127.0.0.1:8080.");
            return ExitCode.Usage;
        }
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        // From the environment: a key on the command line is in everybody's process list.
        if (Environment.GetEnvironmentVariable("PATCHBAY_ADMIN_KEY") is { Length: > 0 } key)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
        try
        {
            return await act(client);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or UnauthorizedAccessException or JsonException)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return ExitCode.Failed;
        }
    }

    private static async Task<int> SendAsync(
        HttpClient client, HttpMethod method, string path, string? body, Action<JsonElement> write, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, cancellation);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellation));
        if (response.IsSuccessStatusCode)
        {
            write(json.RootElement);
            return ExitCode.Done;
        }
        foreach (var line in ProblemsOf(json.RootElement))
        {
            await Console.Error.WriteLineAsync(line);
        }
        return (int)response.StatusCode is 409 or 422 ? ExitCode.Refused : ExitCode.Failed;
    }

    private static List<string> ProblemsOf(JsonElement problem)
    {
        if (problem.TryGetProperty("errors", out var errors) && errors.GetArrayLength() > 0)
        {
            return [.. errors.EnumerateArray().Select(error => $"{Text(error, "field")}: {Text(error, "message")}")];
        }
        return [problem.TryGetProperty("detail", out _) ? Text(problem, "detail") : problem.GetRawText()];
    }

    private static void WriteList(JsonElement list)
    {
        foreach (var release in list.GetProperty("data").EnumerateArray())
        {
            Console.WriteLine(Summary(release));
        }
    }

    private static void WriteRelease(JsonElement release)
    {
        Console.WriteLine(Summary(release));
        if (release.GetProperty("end_reason").ValueKind == JsonValueKind.String)
        {
            Console.WriteLine($"  {Text(release, "end_reason")}");
        }
        foreach (var guard in release.GetProperty("guards").EnumerateArray())
        {
            Console.WriteLine($"  guard {Text(guard, "metric"),-16} {Text(guard, "status"),-8} {Text(guard, "sentence")}");
        }
        foreach (var arm in release.GetProperty("arms").EnumerateArray())
        {
            Console.WriteLine($"  arm   {Text(arm, "name"),-16} {arm.GetProperty("requests")} requests, {arm.GetProperty("errors")} errors");
        }
        foreach (var comparison in release.GetProperty("comparisons").EnumerateArray().Where(comparison => Text(comparison, "verdict") != "too_few"))
        {
            Console.WriteLine($"  {Text(comparison, "sentence")}");
        }
    }

    private static void WriteHistory(JsonElement release)
    {
        foreach (var happened in release.GetProperty("history").EnumerateArray())
        {
            var actor = happened.GetProperty("actor").ValueKind == JsonValueKind.String ? $" ({Text(happened, "actor")})" : "";
            Console.WriteLine($"{Text(happened, "time")}  {Text(happened, "event"),-12} {Text(happened, "detail")}{actor}");
        }
    }

    private static string Summary(JsonElement release) => string.Create(CultureInfo.InvariantCulture,
        $"{Text(release, "id")}  {Text(release, "alias")}  {Text(release, "state")}  step {release.GetProperty("step").GetInt32() + 1} of {release.GetProperty("steps").GetArrayLength()}  {release.GetProperty("weight").GetDouble():0.##} %");

    // What servers send is shown without control characters, which could act on the terminal.
    private static string Text(JsonElement json, string name) =>
        string.Concat((json.GetProperty(name).GetString() ?? "").Where(letter => !char.IsControl(letter)));
}
