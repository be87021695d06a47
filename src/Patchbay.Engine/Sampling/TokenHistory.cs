namespace Patchbay.Engine.Sampling;

/// <summary>How often each token occurred in a sequence, for the penalties. Counts only when a penalty is on.</summary>
internal sealed class TokenHistory
{
    private readonly Dictionary<int, int>? _generated;
    private readonly HashSet<int>? _seen;

    public TokenHistory(ReadOnlySpan<int> prompt, SamplingOptions options)
    {
        if (options.PresencePenalty != 0 || options.FrequencyPenalty != 0)
        {
            _generated = [];
        }

        if (options.RepetitionPenalty != 1)
        {
            _seen = [.. prompt];
        }
    }

    /// <summary>Tokens of the answer so far.</summary>
    public int GeneratedCount { get; private set; }

    public void Add(int token)
    {
        GeneratedCount++;
        _seen?.Add(token);
        if (_generated is not null)
        {
            _generated[token] = _generated.GetValueOrDefault(token) + 1;
        }
    }

    public void ApplyPenalties(Span<float> logits, SamplingOptions options)
    {
        foreach (var token in _seen ?? [])
        {
            logits[token] = logits[token] > 0 ? logits[token] / options.RepetitionPenalty : logits[token] * options.RepetitionPenalty;
        }

        if (_generated is null)
        {
            return;
        }

        foreach (var (token, count) in _generated)
        {
            logits[token] -= options.PresencePenalty + (options.FrequencyPenalty * count);
        }
    }
}
