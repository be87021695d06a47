namespace Patchbay.Engine.Sampling;

/// <summary>
/// What changes the logits of single tokens of a sequence: its bias, and how often each token occurred, for the penalties. Counts
/// only when a penalty is on.
/// </summary>
internal sealed class TokenHistory
{
    private readonly KeyValuePair<int, float>[] _bias;
    private readonly Dictionary<int, int>? _generated;
    private readonly HashSet<int>? _seen;

    public TokenHistory(ReadOnlySpan<int> prompt, SamplingOptions options)
    {
        _bias = [.. options.LogitBias];
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

    /// <summary>Adds the bias, then applies the penalties.</summary>
    public void Apply(Span<float> logits, SamplingOptions options)
    {
        foreach (var (token, bias) in _bias)
        {
            logits[token] += bias;
        }

        if (_seen is not null)
        {
            foreach (var token in _seen)
            {
                logits[token] = logits[token] > 0 ? logits[token] / options.RepetitionPenalty : logits[token] * options.RepetitionPenalty;
            }
        }

        if (_generated is not null)
        {
            foreach (var (token, count) in _generated)
            {
                logits[token] -= options.PresencePenalty + (options.FrequencyPenalty * count);
            }
        }
    }
}
