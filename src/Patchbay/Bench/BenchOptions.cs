namespace Patchbay.Bench;

/// <summary>What is measured, how much and how often.</summary>
internal sealed record BenchOptions
{
    /// <summary>The names that <c>--only</c> takes.</summary>
    public static IReadOnlyList<string> Works { get; } = ["start", "prefill", "decode", "batch", "mixed", "adapter", "many", "swap", "load"];

    /// <summary>Works to do; empty does all but the one with many adapters.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>How often each work is done; rounds follow one another, so that a slow minute touches all works alike.</summary>
    public int Rounds { get; init; } = 5;

    /// <summary>Prompt of the prefill work, in tokens.</summary>
    public int PrefillTokens { get; init; } = 512;

    /// <summary>Answer of the decode works, in tokens.</summary>
    public int DecodeTokens { get; init; } = 64;

    /// <summary>Streams of each batch work.</summary>
    public IReadOnlyList<int> Batches { get; init; } = [8];

    /// <summary>Streams that run while adapters are switched.</summary>
    public int Streams { get; init; } = 64;

    /// <summary>Requests of the mixed work, each on another adapter.</summary>
    public int Requests { get; init; } = 8;

    /// <summary>Prompt of each of them.</summary>
    public int PromptTokens { get; init; } = 64;

    /// <summary>Answer of each of them.</summary>
    public int NewTokens { get; init; } = 48;

    /// <summary>Adapters of the work with many.</summary>
    public int ManyAdapters { get; init; } = 100;

    /// <summary>Streams of the work with many adapters.</summary>
    public int ManyStreams { get; init; } = 32;

    // The work with many adapters writes and loads some gigabytes: only for those who ask for it.
    public bool Does(string work) => Only.Count == 0 ? work != "many" : Only.Contains(work);
}
