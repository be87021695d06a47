using Patchbay.Control.Access;
using Patchbay.Engine;

namespace Patchbay.Server;

/// <summary>What an operator decides about one server: its engine, its adapters and what callers may do.</summary>
public sealed record PatchbayServerOptions
{
    /// <summary>The engine to open.</summary>
    public required EngineOptions Engine { get; init; }

    /// <summary>What the base model is called in requests; null takes the name the checkpoint has.</summary>
    public string? BaseName { get; init; }

    /// <summary>A directory with one PEFT directory per adapter, all loaded at start; null serves the base alone.</summary>
    public string? AdaptersDirectory { get; init; }

    /// <summary>Whether callers may load adapters from directories outside <see cref="AdaptersDirectory"/>.</summary>
    public bool AllowAdapterPaths { get; init; }

    /// <summary>Who may call; empty lets everybody do everything, which is for listeners on loopback only.</summary>
    public KeyRing Keys { get; init; } = KeyRing.Empty;

    /// <summary>Most adapter names at the same time.</summary>
    public int MaxAdapters { get; init; } = 1024;

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
