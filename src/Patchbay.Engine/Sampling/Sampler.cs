using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.Sampling;

/// <summary>
/// Chooses the next token from logits: bias and penalties, then temperature, top-k, top-p and min-p, then one draw. The draw
/// depends on the seed and the token's position alone, never on the batch. Only the tokens that a filter can keep are weighed and
/// sorted. Used by one thread at a time; allocates only for a larger vocabulary than before.
/// </summary>
internal sealed class Sampler(SimdPath path)
{
    // Top-p tries the likeliest few first: trained models seldom need more.
    private const int FirstTry = 64;
    private const int SecondTry = 1024;

    private readonly LogitScan _scan = new(path);
    private readonly NucleusCut _cut = new();
    private float[] _weights = [];
    private float[] _all = [];
    private bool _neededAll;

    /// <param name="logits">Of one position; changed.</param>
    /// <param name="history">What was said so far.</param>
    /// <param name="options">How to choose.</param>
    /// <param name="seed">The request's seed.</param>
    /// <returns>The token, or -1 if the logits are not numbers.</returns>
    public int Sample(Span<float> logits, TokenHistory history, SamplingOptions options, ulong seed)
    {
        history.Apply(logits, options);
        _scan.Read(logits);
        if (options.Temperature == 0 || !float.IsFinite(_scan.Max))
        {
            return _scan.Likeliest(logits);
        }

        var inverse = Math.Min(1 / options.Temperature, float.MaxValue);
        var uniform = Uniform(seed, history.GeneratedCount);
        if (options.TopK > 0 && options.TopK < logits.Length)
        {
            return DrawTop(_scan.Top(logits, options.TopK), inverse, null, options, uniform)!.Value;
        }

        return options.TopP < 1 ? DrawNucleus(logits, inverse, options, uniform) : DrawAny(logits, inverse, options, uniform);
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

    private int DrawAny(Span<float> logits, float inverse, SamplingOptions options, double uniform)
    {
        var total = _scan.Weigh(logits, inverse, options.MinP, logits);
        return _scan.Find(logits, uniform * total);
    }

    private int DrawNucleus(Span<float> logits, float inverse, SamplingOptions options, double uniform)
    {
        if (_all.Length < logits.Length)
        {
            _all = new float[logits.Length];
        }

        // Whoever has needed all weights before will most likely need them again.
        var all = _all.AsSpan(0, logits.Length);
        var total = _scan.Weigh(logits, inverse, 0, _neededAll ? all : []);
        if (DrawTop(_scan.Top(logits, FirstTry), inverse, total, options, uniform) is { } token)
        {
            _neededAll = false;
            return token;
        }

        // All that follow weigh no more than the last, most of them much less: where a quarter of that does not reach the sum, nobody
        // sorts them. By the logits alone, because the order of the draw hangs on it.
        var first = _weights.AsSpan(0, Math.Min(FirstTry, logits.Length));
        var wanted = (total * options.TopP) - Sum(first);
        if (wanted <= first[^1] * (SecondTry - FirstTry) / 4.0
            && DrawTop(_scan.Top(logits, SecondTry), inverse, total, options, uniform) is { } second)
        {
            return second;
        }

        // A flat distribution: the nucleus is found without sorting it.
        total = _neededAll ? total : _scan.Weigh(logits, inverse, 0, all);
        _neededAll = true;
        return _cut.Draw(all, total, options.TopP, options.MinP, uniform);
    }

    /// <summary>
    /// Draws from sorted candidates after top-p and min-p; null if top-p may want more candidates than there are.
    /// </summary>
    /// <param name="keys">The likeliest tokens, see <see cref="LogitScan.Top"/>.</param>
    /// <param name="inverse">1 / temperature.</param>
    /// <param name="total">Weight of all that top-p chooses from; null where that is the candidates.</param>
    /// <param name="options">The filters.</param>
    /// <param name="uniform">A number in [0, 1).</param>
    private int? DrawTop(ReadOnlySpan<ulong> keys, float inverse, double? total, SamplingOptions options, double uniform)
    {
        if (_weights.Length < keys.Length)
        {
            _weights = new float[Math.Max(keys.Length, SecondTry)];
        }

        var weights = _weights.AsSpan(0, keys.Length);
        var sum = 0.0;
        for (var i = 0; i < keys.Length; i++)
        {
            weights[i] = _scan.WeightOf(LogitScan.LogitOf(keys[i]), inverse);
            sum += weights[i];
        }

        var kept = keys.Length;
        if (options.TopP < 1)
        {
            (kept, var isReached) = Nucleus(weights, (total ?? sum) * options.TopP);
            if (!isReached && total is not null)
            {
                return null;
            }
        }

        while (kept > 1 && (weights[kept - 1] < options.MinP || weights[kept - 1] == 0))
        {
            kept--;
        }

        return LogitScan.TokenOf(keys[Find(weights[..kept], uniform * Sum(weights[..kept]))]);
    }

    private static (int Count, bool IsReached) Nucleus(ReadOnlySpan<float> weights, double wanted)
    {
        var sum = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += weights[i];
            if (sum >= wanted)
            {
                return (i + 1, true);
            }
        }

        return (weights.Length, false);
    }

    private static double Sum(ReadOnlySpan<float> weights)
    {
        var sum = 0.0;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        return sum;
    }

    // The place where the running sum passes the target; the last one that weighs something if rounding leaves a rest.
    private static int Find(ReadOnlySpan<float> weights, double target)
    {
        var last = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
            {
                last = i;
                target -= weights[i];
                if (target < 0)
                {
                    break;
                }
            }
        }

        return last;
    }
}
