using Patchbay.Control.Access;
using Patchbay.Control.Answers;
using Patchbay.Engine;

namespace Patchbay.Server;

/// <summary>What an operator decides about one server: its engine, its adapters and what callers may do.</summary>
public sealed record PatchbayServerOptions
{
    /// <summary>The engine to open.</summary>
    public required EngineOptions Engine { get; init; }

    /// <summary>That engine, if its opening has begun already; null begins when the host starts. The server disposes it.</summary>
    public Task<InferenceEngine>? EngineOpening { get; init; }

    /// <summary>What the base model is called in requests; null takes the name the checkpoint has.</summary>
    public string? BaseName { get; init; }

    /// <summary>A directory with one PEFT directory per adapter, all loaded at start; null serves the base alone.</summary>
    public string? AdaptersDirectory { get; init; }

    /// <summary>Whether callers may load adapters from directories outside <see cref="AdaptersDirectory"/>.</summary>
    public bool AllowAdapterPaths { get; init; }

    /// <summary>Who may call; empty lets everybody do everything, which is for listeners on loopback only.</summary>
    public KeyRing Keys { get; init; } = KeyRing.Empty;

    /// <summary>Who is told of every change of a release; null tells nobody.</summary>
    public ReleaseWebhookOptions? Webhook { get; init; }

    /// <summary>Most adapter names at the same time.</summary>
    public int MaxAdapters { get; init; } = 100_000;

    /// <summary>
    /// Where versions and journal are kept. Null keeps nothing: versions are in a temporary directory that is taken away at the end.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>How many answers are remembered, and how long their prompts; prompts are not kept unless this says so.</summary>
    public AnswerRetention Answers { get; init; } = AnswerRetention.Default;

    /// <summary>A PostgreSQL database for the journal of <see cref="DataDirectory"/>; null is a SQLite file in it.</summary>
    public string? JournalConnection { get; init; }

    /// <summary>Most bytes of adapters in memory; null is a quarter of the machine's memory.</summary>
    public long? AdapterMemoryBytes { get; init; }

    /// <summary>Whether adapters are read at their first use instead of at start.</summary>
    public bool LazyAdapters { get; init; }

    /// <summary>Whether new and changed folders of <see cref="AdaptersDirectory"/> are taken while the server runs.</summary>
    public bool WatchAdapters { get; init; } = true;

    /// <summary>Whether a changed folder of a known adapter answers at once; else it is kept as a version that can be released.</summary>
    public bool ReleaseWatchedAdapters { get; init; } = true;

    /// <summary>How long a folder must stay as it is before it counts as whole.</summary>
    public TimeSpan WatchSettleTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Versions that are kept of each adapter.</summary>
    public int KeptVersions { get; init; } = 5;

    /// <summary>Most bytes of one uploaded adapter.</summary>
    public long MaxUploadBytes { get; init; } = 4L << 30;

    /// <summary>A program (called with name and directory) or an http address that may refuse each new version; null asks nobody.</summary>
    public string? AdapterCheck { get; init; }

    /// <summary>How long <see cref="AdapterCheck"/> may take; after that the version is refused.</summary>
    public TimeSpan AdapterCheckLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The base model's revision, which adapters may name; null takes the commit of a Hugging Face cache path, where it is one.</summary>
    public string? BaseRevision { get; init; }

    /// <summary>Whether adapters that name another base, revision or digest than the served one are taken.</summary>
    public bool AllowBaseMismatch { get; init; }

    /// <summary>Most bytes of a request body; a larger one is answered with 413.</summary>
    public int MaxRequestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Most answers of one request: prompts times <c>n</c>.</summary>
    public int MaxChoices { get; init; } = 128;

    /// <summary>
    /// Host names that requests may be addressed to; empty allows every name. A server on loopback names its own here,
    /// so that a web page cannot reach it through a name that it lets point to 127.0.0.1.
    /// </summary>
    public IReadOnlyCollection<string> AllowedHosts { get; init; } = [];

    /// <summary>Silence on a stream after which a comment line keeps proxies from closing it.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long running answers may take to end when the server stops.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>An address that is told of every change of a release.</summary>
/// <param name="Url">An absolute http or https address.</param>
/// <param name="Secret">What the notices are signed with.</param>
public sealed record ReleaseWebhookOptions(Uri Url, string Secret);
