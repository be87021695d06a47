using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>What surrounds the layers of a decoder: its embedding and its head, with Llama's names unless others are given.</summary>
internal sealed record DecoderFrame
{
    /// <summary>Norm before the head.</summary>
    public required INorm FinalNorm { get; init; }

    /// <summary>Path of the embedding of tokens.</summary>
    public string EmbeddingPath { get; init; } = "model.embed_tokens";

    public float EmbeddingScale { get; init; } = 1;

    /// <summary>Norm of the embedded tokens, if the family has one.</summary>
    public INorm? EmbeddingNorm { get; init; }

    /// <summary>Path of the learned positions, if the family has them.</summary>
    public string? PositionPath { get; init; }

    /// <summary>Rows before that of position 0.</summary>
    public int FirstPosition { get; init; }

    public string HeadPath { get; init; } = "lm_head";

    public bool HasHeadBias { get; init; }

    /// <summary>Whether the head is the embedding where the configuration does not say.</summary>
    public bool TiesByDefault { get; init; }

    public float LogitScale { get; init; } = 1;

    /// <summary>c of logits that become c·tanh(logit / c); 0 leaves them.</summary>
    public float LogitSoftCap { get; init; }
}
