namespace Patchbay.Engine;

/// <summary>How the next token is chosen from the logits. Applied in the order of the properties.</summary>
public sealed record SamplingOptions
{
    /// <summary>Plain sampling from the model's distribution.</summary>
    public static SamplingOptions Default { get; } = new();

    /// <summary>Always the likeliest token.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Added to the logits of single tokens, -100 to 100.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Divides positive and multiplies negative logits of tokens seen in prompt or answer (CTRL, arXiv:1909.05858); 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted once from each token already in the answer, -2 to 2.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from each token of the answer as often as it occurs, -2 to 2.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Divides the logits; 0 always takes the likeliest token.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the k likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the likeliest tokens until their probabilities reach this sum (nucleus sampling, arXiv:1904.09751).</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens at least this likely relative to the likeliest (arXiv:2407.01082).</summary>
    public float MinP { get; init; }

    /// <summary>Makes the answer repeatable; null draws a seed, which the generation then tells.</summary>
    public ulong? Seed { get; init; }
}
