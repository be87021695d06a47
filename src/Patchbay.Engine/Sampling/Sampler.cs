namespace Patchbay.Engine.Sampling;

/// <summary>
/// Chooses the next token from logits: bias and penalties, then temperature, top-k, top-p and min-p, then one draw. The draw
/// depends on the seed and the token's position alone, never on the batch. Used by one thread at a time.
/// </summary>
internal sealed class Sampler(int vocabularySize)
{
    private float[] _probabilities = new float[vocabularySize];
    private int[] _candidates = new int[vocabularySize];
    private float[] _keys = new float[vocabularySize];

    /// <param name="logits">Of one position; changed.</param>
    /// <param name="history">What was said so far.</param>
    /// <param name="options">How to choose.</param>
    /// <param name="seed">The request's seed.</param>
    /// <returns>The token, or -1 if the logits are not numbers.</returns>
    public int Sample(Span<float> logits, TokenHistory history, SamplingOptions options, ulong seed)
    {
        ApplyBias(logits, options);
        history.ApplyPenalties(logits, options);
        var best = IndexOfMax(logits);
        if (best < 0 || options.Temperature == 0)
        {
            return best;
        }

        if (logits.Length > _keys.Length)
        {
            // An adapter may have a larger vocabulary than the base model.
            _probabilities = new float[logits.Length];
            _candidates = new int[logits.Length];
            _keys = new float[logits.Length];
        }

        var count = Filter(logits, logits[best], options);
        return Draw(count, Uniform(seed, history.GeneratedCount));
    }

    /// <summary>Index of the largest value, the first of equals; -1 if a value is not a number or all are negative infinity.</summary>
    public static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 0; i < logits.Length; i++)
        {
            if (float.IsNaN(logits[i]))
            {
                return -1;
            }

            if (logits[i] > logits[best])
            {
                best = i;
            }
        }

        return float.IsFinite(logits[best]) ? best : -1;
    }

    /// <summary>A number in [0, 1) from seed and position (SplitMix64, doi:10.1145/2714064.2660195).</summary>
    public static double Uniform(ulong seed, int position)
    {
        var z = seed + ((ulong)(position + 1) * 0x9E3779B97F4A7C15UL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        z ^= z >> 31;
        return (z >> 11) * (1.0 / (1UL << 53));
    }

    private static void ApplyBias(Span<float> logits, SamplingOptions options)
    {
        foreach (var (token, bias) in options.LogitBias)
        {
            logits[token] += bias;
        }
    }

    /// <summary>Leaves the candidates in <see cref="_candidates"/>, their weights (not normalised) in <see cref="_probabilities"/>.</summary>
    private int Filter(ReadOnlySpan<float> logits, float max, SamplingOptions options)
    {
        var total = 0.0;
        for (var i = 0; i < logits.Length; i++)
        {
            _keys[i] = MathF.Exp((logits[i] - max) / options.Temperature);
            total += _keys[i];
        }

        // Tokens that top-p can keep are likelier than its remainder spread evenly; min-p is a threshold by itself (the
        // likeliest weighs 1).
        var threshold = Math.Max(options.MinP, options.TopP < 1 ? (1 - options.TopP) * total / logits.Length * 0.999 : 0);
        var count = 0;
        for (var i = 0; i < logits.Length; i++)
        {
            if (_keys[i] >= threshold)
            {
                _candidates[count] = i;
                _probabilities[count++] = _keys[i];
            }
        }

        if (options.TopK == 0 && options.TopP >= 1)
        {
            return count;
        }

        SortDescending(count);
        if (options.TopK > 0 && options.TopK < count)
        {
            count = options.TopK;
            total = 0;
            for (var i = 0; i < count; i++)
            {
                total += _probabilities[i];
            }
        }

        return options.TopP < 1 ? Nucleus(count, total * options.TopP) : count;
    }

    private int Nucleus(int count, double wanted)
    {
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            sum += _probabilities[i];
            if (sum >= wanted)
            {
                return i + 1;
            }
        }

        return count;
    }

    // Equal weights keep the order of their tokens, so that the result does not depend on the sorting algorithm.
    private void SortDescending(int count)
    {
        var keys = _keys.AsSpan(0, count);
        for (var i = 0; i < count; i++)
        {
            keys[i] = -_probabilities[i];
        }

        var candidates = _candidates.AsSpan(0, count);
        keys.Sort(candidates);
        for (var first = 0; first < count;)
        {
            var last = first + 1;
            while (last < count && keys[last] == keys[first])
            {
                last++;
            }

            candidates[first..last].Sort();
            first = last;
        }

        for (var i = 0; i < count; i++)
        {
            _probabilities[i] = -keys[i];
        }
    }

    private int Draw(int count, double uniform)
    {
        var total = 0.0;
        for (var i = 0; i < count; i++)
        {
            total += _probabilities[i];
        }

        var target = uniform * total;
        for (var i = 0; i < count; i++)
        {
            target -= _probabilities[i];
            if (target < 0)
            {
                return _candidates[i];
            }
        }

        return _candidates[count - 1];
    }
}
