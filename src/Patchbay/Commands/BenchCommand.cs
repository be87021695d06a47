using System.CommandLine;
using System.Text.Json;
using Patchbay.Bench;
using Patchbay.Engine;
using Patchbay.Machine;

namespace Patchbay.Commands;

/// <summary><c>patchbay bench</c>: how fast this machine is with a model, alone or beside another server.</summary>
internal sealed class BenchCommand
{
    // Tokens that every vocabulary of a published model has.
    private const int CommonVocabulary = 4096;

    private readonly Command _command = new("bench", "Measure speed and memory: prefill, decode, batches, adapters, switches, loads, start-up.");

    private readonly EngineArguments _engine;
    private readonly BenchArguments _bench;

    private BenchCommand()
    {
        _engine = EngineArguments.AddTo(_command);
        _bench = BenchArguments.AddTo(_command);
        _command.SetAction((parsed, _) => RunAsync(parsed));
    }

    public static Command Create() => new BenchCommand()._command;

    private async Task<int> RunAsync(ParseResult parsed)
    {
        try
        {
            return await TryRunAsync(parsed);
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException or HttpRequestException
            or InvalidOperationException or AdapterRefusedException or RequestRefusedException or NotSupportedException)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return ExitCode.Failed;
        }
    }

    private async Task<int> TryRunAsync(ParseResult parsed)
    {
        var shape = _bench.Shape(parsed);
        if (_bench.WriteTo(parsed) is { } target)
        {
            var written = ShapeDirectory.Write(shape!, target);
            Console.WriteLine($"Serve it:  patchbay serve --model {written.Base} --adapters {written.Adapters}");
            return ExitCode.Done;
        }
        var machine = MachineFacts.Read();
        var random = shape is null ? null : Prepare(shape);
        if (_engine.Locate(parsed, random is null ? null : new ModelLocation(random.Base, random.Adapters)) is not { } location)
        {
            return ExitCode.Usage;
        }
        var engine = _engine.Read(parsed, location);
        var started = TimeProvider.System.GetUtcNow();
        var threads = engine.ThreadCount > 0 ? engine.ThreadCount : Environment.ProcessorCount;
        var readBefore = ReadBandwidth.Measure(threads);
        var rows = await MeasureAsync(parsed, engine, location, shape, random);
        if (rows.Count == 0)
        {
            await Console.Error.WriteLineAsync("Nothing was measured: the chosen works need adapters, or a shape to make them of, and there is none.");
            return ExitCode.Failed;
        }
        var model = location.Model == random?.Base ? $"random weights of {shape!.Name}'s shape" : Path.GetFileName(Path.TrimEndingDirectorySeparator(location.Model));
        Report(_bench.Json(parsed), new BenchReport(
            started, machine, model, engine.Weights.ToString().ToLowerInvariant(), threads, _bench.Read(parsed).Rounds,
            [readBefore, ReadBandwidth.Measure(threads)], rows));
        return ExitCode.Done;
    }

    private async Task<IReadOnlyList<BenchRow>> MeasureAsync(
        ParseResult parsed, EngineOptions engine, ModelLocation location, ModelShape? shape, ShapeDirectory? random)
    {
        var options = _bench.Read(parsed);
        string[] adapters = location.Adapters is null ? [] : [.. Directory.EnumerateDirectories(location.Adapters).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        if (_bench.Against(parsed, adapters) is not { } against)
        {
            return await new BenchRun(engine, location.Adapters, random?.Large, shape, options).RunAsync(Show);
        }
        using var theirs = new CompletionsClient(against);
        if (_bench.Ours(parsed) is { } running)
        {
            using var ours = new CompletionsClient(new CompletionsTarget(running, null, adapters, []));
            return await new AgainstRun(ours, theirs, shape?.Vocabulary ?? CommonVocabulary, options).RunAsync(Show);
        }
        await using var server = await LocalServer.StartAsync(engine, location.Adapters);
        using var own = new CompletionsClient(server.Target);
        return await new AgainstRun(own, theirs, server.Vocabulary, options).RunAsync(Show);
    }

    private static ShapeDirectory Prepare(ModelShape shape)
    {
        Show($"the random model of {shape.Name}'s shape");
        var directory = ShapeDirectory.InCache(shape);
        Show($"it is in {directory.Root}; delete that when you are done with it");
        return directory;
    }

    private static void Report(string? json, BenchReport report)
    {
        if (json is null or not "-")
        {
            BenchTable.Write(report);
        }
        if (json is null)
        {
            return;
        }
        var text = JsonSerializer.Serialize(report, MachineJson.Default.BenchReport);
        if (json == "-")
        {
            Console.Out.WriteLine(text);
            return;
        }
        File.WriteAllText(json, text + '\n');
    }

    // On standard error, so that a pipe gets the report alone.
    private static void Show(string progress) => Console.Error.WriteLine($"… {progress}");
}
