using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>Where families that follow Llama part from it.</summary>
internal sealed record LlamaDifferences
{
    public bool QueryKeyValueBias { get; init; }

    public bool OutputBias { get; init; }

    public bool MlpBias { get; init; }

    /// <summary>Norms of each query and key head before they are turned.</summary>
    public bool HeadNorms { get; init; }

    /// <summary>Factor of what attention and feed-forward network add to the hidden state.</summary>
    public float ResidualScale { get; init; } = 1;

    public string AttentionNormName { get; init; } = "input_layernorm";

    public string MlpNormName { get; init; } = "post_attention_layernorm";

    public RotaryOptions? Rotary { get; init; }

    /// <summary>Whether the head is the embedding where the configuration does not say.</summary>
    public bool TiesByDefault { get; init; }

    /// <summary>Changes the embedding and the head.</summary>
    public Func<DecoderFrame, DecoderFrame>? Frame { get; init; }

    /// <summary>Makes the norm of a path over the hidden state; RMSNorm if not given.</summary>
    public Func<string, INorm>? Norm { get; init; }

    /// <summary>Makes the projections below an attention's path; three linear layers if not given.</summary>
    public Func<string, IProjection>? Projection { get; init; }

    /// <summary>Changes the attention of a layer.</summary>
    public Func<int, AttentionParts, AttentionParts>? Attention { get; init; }

    /// <summary>Makes the feed-forward network of a layer; gated if not given.</summary>
    public Func<int, ILayerOperation>? FeedForward { get; init; }
}
