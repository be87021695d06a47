namespace Patchbay.Engine.Sampling;

/// <summary>
/// Nucleus sampling (arXiv:1904.09751) over a flat distribution, where sorting would cost more than all else: weights are counted
/// by the upper bits of their float32 form, which order them, and only the bin in which the sum is reached is sorted.
/// </summary>
internal sealed class NucleusCut
{
    // Sign (always 0), exponent and four bits of the mantissa.
    private const int Shift = 19;

    private readonly double[] _sums = new double[1 << (32 - Shift)];
    private ulong[] _bin = [];

    /// <summary>Sets weights beyond the nucleus, and those below <paramref name="minP"/>, to zero; of equals, higher tokens go first.</summary>
    /// <param name="weights">Not negative; the largest is 1.</param>
    /// <param name="wanted">The sum that the nucleus reaches.</param>
    /// <param name="minP">Least weight.</param>
    /// <returns>What is left, in the order of the tokens.</returns>
    public double Apply(Span<float> weights, double wanted, float minP)
    {
        Array.Clear(_sums);
        foreach (var weight in weights)
        {
            _sums[BinOf(weight)] += weight;
        }

        var bin = _sums.Length - 1;
        for (; bin > 0 && _sums[bin] < wanted; bin--)
        {
            wanted -= _sums[bin];
        }

        return Keep(weights, LastKept(Sorted(weights, bin), wanted), minP);
    }

    private static int BinOf(float weight) => (int)(BitConverter.SingleToUInt32Bits(weight) >> Shift);

    // Ascending keys are descending weights, and ascending tokens where those are equal.
    private static ulong Key(float weight, int token) => ((ulong)~BitConverter.SingleToUInt32Bits(weight) << 32) | (uint)token;

    private ReadOnlySpan<ulong> Sorted(ReadOnlySpan<float> weights, int bin)
    {
        if (_bin.Length < weights.Length)
        {
            _bin = new ulong[weights.Length];
        }

        var count = 0;
        for (var token = 0; token < weights.Length; token++)
        {
            if (BinOf(weights[token]) == bin)
            {
                _bin[count++] = Key(weights[token], token);
            }
        }

        _bin.AsSpan(0, count).Sort();
        return _bin.AsSpan(0, count);
    }

    private static ulong LastKept(ReadOnlySpan<ulong> keys, double wanted)
    {
        foreach (var key in keys)
        {
            wanted -= BitConverter.UInt32BitsToSingle(~(uint)(key >> 32));
            if (wanted <= 0)
            {
                return key;
            }
        }

        return keys.IsEmpty ? ulong.MaxValue : keys[^1];
    }

    private static double Keep(Span<float> weights, ulong last, float minP)
    {
        var total = 0.0;
        for (var token = 0; token < weights.Length; token++)
        {
            weights[token] = weights[token] >= minP && Key(weights[token], token) <= last ? weights[token] : 0;
            total += weights[token];
        }

        return total;
    }
}
