using Patchbay.Engine.Adapters;

namespace Patchbay.Engine;

/// <summary>One prompt to be continued. Knows tokens only; text, names of adapters and tenants stay above the engine.</summary>
public sealed record GenerationRequest
{
    /// <summary>The prompt, at least one token.</summary>
    public required ReadOnlyMemory<int> PromptTokens { get; init; }

    /// <summary>
    /// The adapter version that answers; null is the base model. The engine takes the lease over: it is released when
    /// the generation ends, is cancelled or is refused.
    /// </summary>
    public AdapterLease? Adapter { get; init; }

    /// <summary>
    /// Adapter versions whose changes are added up, each times its weight, exactly; instead of <see cref="Adapter"/>. The engine
    /// takes the leases over in the same way. The order matters for the last bits of the sum, and so for its digest.
    /// </summary>
    public IReadOnlyList<AdapterWeight> Adapters { get; init; } = [];

    /// <summary>Most tokens to generate; generation also ends at the model's context length.</summary>
    public int MaxTokens { get; init; } = int.MaxValue;

    /// <summary>How the next token is chosen.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Default;

    /// <summary>Tokens that end the answer, beside the model's own end-of-sequence tokens.</summary>
    public IReadOnlyCollection<int> StopTokens { get; init; } = [];

    /// <summary>Whether the model's end-of-sequence tokens are answered like any other token.</summary>
    public bool IgnoreEndOfSequence { get; init; }

    /// <summary>How many alternatives each token's log-probabilities list; null asks for none, 0 for the chosen token's alone.</summary>
    public int? LogProbabilities { get; init; }

    /// <summary>Separates prefix caches of tenants that must not learn from each other's timing; null shares.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>
    /// A place among those that wait, see <see cref="InferenceEngine.TryReserve"/>; null takes one when the generation starts. The
    /// engine takes it over.
    /// </summary>
    public QueueSlot? Slot { get; init; }

    /// <summary>Receives the float32 logits after each prompt token (position, row of vocabulary length); forces the whole prompt to be computed.</summary>
    public Action<int, ReadOnlySpan<float>>? PromptLogits { get; init; }

    /// <summary>What acts on its rows.</summary>
    /// <exception cref="AdapterRefusedException">There is no such sum.</exception>
    internal LoraAdapter? Compose()
    {
        if (Adapter is null)
        {
            return AdapterComposition.Of([.. Adapters.Select(part => (part.Lease.Adapter, part.Weight))]);
        }

        return Adapters.Count == 0
            ? Adapter.Adapter
            : throw new AdapterRefusedException("adapters: expected one adapter or a list of adapters, found both.");
    }

    /// <summary>Gives back what the engine took over.</summary>
    internal void Release()
    {
        Slot?.Dispose();
        Adapter?.Dispose();
        foreach (var part in Adapters)
        {
            part.Lease.Dispose();
        }
    }
}
