using Patchbay.Engine;
using Patchbay.Machine;

namespace Patchbay.Bench;

/// <summary>
/// The benchmark of this program:
/// <code>
/// 1. start a server as a process        start, memory
/// 2. an engine in this process          prefill, decode, batch, mixed, adapter, many
/// 3. a server in this process           swap, load
/// </code>
/// Rounds go over all works of a part, so that what the machine does meanwhile touches them alike.
/// </summary>
/// <param name="engineOptions">The engine.</param>
/// <param name="adaptersDirectory">One adapter in each folder; null measures the base alone.</param>
/// <param name="large">An adapter to load under load; null leaves that out.</param>
/// <param name="shape">The model's shape, to make many adapters for it; null leaves that out.</param>
/// <param name="options">What is measured.</param>
internal sealed class BenchRun(EngineOptions engineOptions, string? adaptersDirectory, string? large, ModelShape? shape, BenchOptions options)
{
    private static readonly string[] EngineWorkNames = ["prefill", "decode", "batch", "mixed", "adapter", "many"];

    private readonly SampleBook _book = new();

    /// <param name="progress">Told what is being done.</param>
    /// <exception cref="InvalidDataException">The model cannot be opened, or cannot do what a work needs.</exception>
    public async Task<IReadOnlyList<BenchRow>> RunAsync(Action<string> progress)
    {
        if (options.Does("start"))
        {
            progress("starting servers");
            await new StartWork(engineOptions, options, _book).RunAsync();
        }
        if (EngineWorkNames.Any(options.Does))
        {
            await RunEngineAsync(progress);
        }
        if (options.Does("swap") || options.Does("load"))
        {
            await RunServerAsync(progress);
        }
        return _book.Rows;
    }

    private async Task RunEngineAsync(Action<string> progress)
    {
        progress("opening the model");
        await using var engine = await InferenceEngine.OpenAsync(engineOptions);
        var adapters = new List<AdapterDigest>();
        foreach (var directory in AdapterDirectories())
        {
            adapters.Add((await engine.LoadAdapterAsync(directory)).Digest);
        }
        var works = new EngineWorks(engine, adapters, options, _book);
        progress("warming up");
        await works.WarmUpAsync();
        for (var round = 0; round < options.Rounds; round++)
        {
            progress($"engine, round {round + 1} of {options.Rounds}");
            await works.RunRoundAsync(round);
        }
        if (options.Does("many") && shape is not null)
        {
            progress("making adapters");
            var many = await LoadManyAsync(engine, shape);
            for (var round = 0; round < options.Rounds; round++)
            {
                progress($"many adapters, round {round + 1} of {options.Rounds}");
                await works.RunManyAsync(round, many);
            }
        }
    }

    // One at a time on disk: together they may be larger than it.
    private async Task<List<AdapterDigest>> LoadManyAsync(InferenceEngine engine, ModelShape made)
    {
        var digests = new List<AdapterDigest>();
        for (var i = 0; i < options.ManyAdapters; i++)
        {
            var directory = Directory.CreateTempSubdirectory("patchbay-bench-");
            try
            {
                RandomModel.WriteAdapter(made, directory.FullName, ShapeDirectory.AdapterRank, (ulong)i);
                digests.Add((await engine.LoadAdapterAsync(directory.FullName)).Digest);
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }
        return digests;
    }

    private async Task RunServerAsync(Action<string> progress)
    {
        progress("opening a server");
        await using var server = await LocalServer.StartAsync(engineOptions, adaptersDirectory);
        using var client = new CompletionsClient(server.Target);
        var works = new ServerWorks(client, new PromptMaker(server.Vocabulary), options, _book, server.Target.Adapters, large ?? AdapterDirectories().FirstOrDefault());
        await works.WarmUpAsync();
        for (var round = 0; round < options.Rounds; round++)
        {
            progress($"server, round {round + 1} of {options.Rounds}");
            await works.RunRoundAsync(round);
        }
    }

    private IEnumerable<string> AdapterDirectories() =>
        adaptersDirectory is null ? [] : Directory.EnumerateDirectories(adaptersDirectory).Order(StringComparer.Ordinal);
}
