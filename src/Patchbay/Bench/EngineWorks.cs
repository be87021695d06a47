using System.Globalization;
using Patchbay.Engine;

namespace Patchbay.Bench;

/// <summary>The works that need nothing but an engine: tokens in, tokens out, in this process.</summary>
/// <param name="engine">The engine.</param>
/// <param name="adapters">Loaded adapters; works with adapters are left out where there is none.</param>
/// <param name="options">What is measured.</param>
/// <param name="book">Where samples go.</param>
internal sealed class EngineWorks(InferenceEngine engine, IReadOnlyList<AdapterDigest> adapters, BenchOptions options, SampleBook book)
{
    // So that every step makes one token, the first one too: a rate is then tokens by the whole time, and no token that was read
    // late makes it look better.
    private const int ShortPrompt = 1;

    private readonly PromptMaker _prompts = new(engine.Model.VocabularySize);

    /// <summary>Lets the JIT, the page cache and the worker threads do what they do only once.</summary>
    public async Task WarmUpAsync()
    {
        await RunAsync(1, options.PrefillTokens, 2, _ => null);
        await RunAsync(1, options.PrefillTokens, 2, AdapterOf);
        await RunAsync(options.Requests, ShortPrompt, 4, AdapterOf);
    }

    /// <summary>Does every chosen work once.</summary>
    /// <param name="round">Odd rounds turn round the order of what is compared.</param>
    public async Task RunRoundAsync(int round)
    {
        if (options.Does("prefill"))
        {
            book.Add(Invariant($"prefill {options.PrefillTokens}"), "tokens/s", await PrefillRateAsync(null));
        }
        if (options.Does("decode"))
        {
            book.Add("decode, 1 stream", "tokens/s", await DecodeRateAsync(1, _ => null));
        }
        if (options.Does("batch"))
        {
            foreach (var streams in options.Batches)
            {
                book.Add(Invariant($"decode, {streams} streams"), "tokens/s", await DecodeRateAsync(streams, _ => null));
            }
        }
        if (options.Does("mixed") && adapters.Count > 0)
        {
            await MixAsync(round);
        }
        if (options.Does("adapter") && adapters.Count > 0)
        {
            await WeighAdapterAsync(round);
        }
    }

    /// <summary>Streams over many adapters, popular and rare ones as Zipf's law has it, and the same streams on one of them.</summary>
    /// <param name="round">Odd rounds turn round the order.</param>
    /// <param name="many">Loaded adapters, the most popular first.</param>
    public async Task RunManyAsync(int round, IReadOnlyList<AdapterDigest> many)
    {
        var popularity = new ZipfLaw(many.Count, round);
        var chosen = Enumerable.Range(0, options.ManyStreams).Select(_ => many[popularity.Next()]).ToArray();
        var (spread, single) = await InTurnAsync(round, () => DecodeRateAsync(chosen.Length, index => chosen[index]), () => DecodeRateAsync(chosen.Length, _ => many[0]));
        book.Add(Invariant($"{chosen.Length} streams over {many.Count} adapters"), "tokens/s", spread);
        book.Add(Invariant($"{chosen.Length} streams on one adapter"), "tokens/s", single);
        book.AddCost(Invariant($"what {many.Count} adapters cost"), single, spread);
    }

    private AdapterDigest? AdapterOf(int request) => adapters.Count == 0 ? null : adapters[request % adapters.Count];

    private async Task MixAsync(int round)
    {
        var work = Invariant($"{options.Requests} requests of {options.PromptTokens} + {options.NewTokens} tokens");
        var (mixed, plain) = await InTurnAsync(round, () => ServeAsync(AdapterOf), () => ServeAsync(_ => null));
        book.Add(Invariant($"{work} on {Math.Min(options.Requests, adapters.Count)} adapters"), "tokens/s", mixed);
        book.Add($"{work} on the base", "tokens/s", plain);

        async Task<double> ServeAsync(Func<int, AdapterDigest?> adapterOf) =>
            StreamTimes.Throughput(await RunAsync(options.Requests, options.PromptTokens, options.NewTokens, adapterOf));
    }

    private async Task WeighAdapterAsync(int round)
    {
        var (plain, adapted) = await InTurnAsync(round, () => DecodeRateAsync(1, _ => null), () => DecodeRateAsync(1, _ => adapters[0]));
        book.Add("decode with an adapter", "tokens/s", adapted);
        book.AddCost("one adapter's cost, decode", plain, adapted);
        (plain, adapted) = await InTurnAsync(round, () => PrefillRateAsync(null), () => PrefillRateAsync(adapters[0]));
        book.Add("prefill with an adapter", "tokens/s", adapted);
        book.AddCost("one adapter's cost, prefill", plain, adapted);
    }

    // What runs first finds the machine as the work before left it.
    private static async Task<(double First, double Second)> InTurnAsync(int round, Func<Task<double>> first, Func<Task<double>> second)
    {
        if (round % 2 == 0)
        {
            var early = await first();
            return (early, await second());
        }
        var other = await second();
        return (await first(), other);
    }

    private async Task<double> PrefillRateAsync(AdapterDigest? adapter)
    {
        var answers = await RunAsync(1, options.PrefillTokens, 1, _ => adapter);
        return options.PrefillTokens / answers[0].FirstTokenSeconds;
    }

    private async Task<double> DecodeRateAsync(int streams, Func<int, AdapterDigest?> adapterOf) =>
        StreamTimes.Throughput(await RunAsync(streams, ShortPrompt, options.DecodeTokens, adapterOf));

    private async Task<StreamTimes[]> RunAsync(int streams, int promptTokens, int newTokens, Func<int, AdapterDigest?> adapterOf)
    {
        // Prompts first: making them is not part of the work.
        var prompts = Enumerable.Range(0, streams).Select(_ => _prompts.Next(promptTokens)).ToArray();
        var running = prompts.Select((prompt, index) => GenerateAsync(prompt, newTokens, adapterOf(index))).ToArray();
        return await Task.WhenAll(running);
    }

    private async Task<StreamTimes> GenerateAsync(int[] prompt, int newTokens, AdapterDigest? adapter)
    {
        AdapterLease? lease = null;
        if (adapter is { } digest && !engine.TryAcquireAdapter(digest, out lease))
        {
            throw new InvalidOperationException("An adapter of the benchmark is not loaded any more.");
        }
        var arrivals = new List<long>(newTokens);
        var sent = TimeProvider.System.GetTimestamp();
        var generation = engine.Generate(new GenerationRequest
        {
            PromptTokens = prompt,
            Adapter = lease,
            MaxTokens = newTokens,
            IgnoreEndOfSequence = true,
            Sampling = SamplingOptions.Greedy,
        });
        await foreach (var _ in generation)
        {
            arrivals.Add(TimeProvider.System.GetTimestamp());
        }
        return new StreamTimes(sent, arrivals, arrivals.Count);
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
