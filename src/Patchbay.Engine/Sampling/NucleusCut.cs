using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Patchbay.Engine.Sampling;

/// <summary>
/// Nucleus sampling (arXiv:1904.09751) over a flat distribution, where sorting would cost more than all else. Of n tokens that weigh W
/// together, those below (1 − p)·W/n weigh less than (1 − p)·W together, so that the nucleus does without them. The others are added
/// up by the upper bits of their float32 form, which order them, and only the bin in which the sum is reached is sorted.
/// </summary>
internal sealed class NucleusCut
{
    // Sign (always 0), exponent and four bits of the mantissa.
    private const int Shift = 19;

    private const int Lanes = 8;
    private static readonly int[] s_orders = MakeOrders();

    private readonly double[] _sums = new double[1 << (32 - Shift)];
    private float[] _weights = [];
    private int[] _tokens = [];
    private ulong[] _bin = [];
    private int _count;

    /// <summary>Draws from the nucleus, in the order of the tokens; of equals, higher tokens are left out first.</summary>
    /// <param name="weights">Not negative; the largest is 1.</param>
    /// <param name="total">Their sum.</param>
    /// <param name="topP">The part of it that the nucleus reaches.</param>
    /// <param name="minP">Least weight.</param>
    /// <param name="uniform">A number in [0, 1).</param>
    public int Draw(ReadOnlySpan<float> weights, double total, float topP, float minP, double uniform)
    {
        // A little lower than need be, because sums are rounded.
        Gather(weights, (float)(0.99 * (1.0 - topP) * total / weights.Length));
        var last = LastKept(total * topP);
        Gather(weights, Math.Max(minP, WeightOf(last)));
        var kept = 0;
        var sum = 0.0;
        for (var i = 0; i < _count; i++)
        {
            if (Key(_weights[i], _tokens[i]) <= last)
            {
                (_weights[kept], _tokens[kept]) = (_weights[i], _tokens[i]);
                sum += _weights[kept++];
            }
        }

        var target = uniform * sum;
        for (var i = 0; i < kept; i++)
        {
            target -= _weights[i];
            if (target < 0)
            {
                return _tokens[i];
            }
        }

        // Rounding has left a rest.
        return _tokens[Math.Max(0, kept - 1)];
    }

    private static int BinOf(float weight) => (int)(BitConverter.SingleToUInt32Bits(weight) >> Shift);

    // Ascending keys are descending weights, and ascending tokens where those are equal.
    private static ulong Key(float weight, int token) => ((ulong)~BitConverter.SingleToUInt32Bits(weight) << 32) | (uint)token;

    private static float WeightOf(ulong key) => BitConverter.UInt32BitsToSingle(~(uint)(key >> 32));

    /// <summary>Finds what weighs at least <paramref name="least"/> and more than nothing, in the order of the tokens.</summary>
    private void Gather(ReadOnlySpan<float> weights, float least)
    {
        if (_bin.Length < weights.Length)
        {
            (_weights, _tokens, _bin) = (new float[weights.Length + Lanes], new int[weights.Length + Lanes], new ulong[weights.Length]);
        }

        // Written without branches: whole vectors of what was found, each over the surplus of the one before.
        var bound = Vector256.Create(Math.Max(least, float.Epsilon));
        ref var source = ref MemoryMarshal.GetReference(weights);
        ref var keptWeights = ref MemoryMarshal.GetArrayDataReference(_weights);
        ref var keptTokens = ref MemoryMarshal.GetArrayDataReference(_tokens);
        var count = 0;
        var token = 0;
        for (; token <= weights.Length - Lanes; token += Lanes)
        {
            var values = Vector256.LoadUnsafe(ref source, (nuint)token);
            var found = Vector256.GreaterThanOrEqual(values, bound).ExtractMostSignificantBits();
            var order = Vector256.LoadUnsafe(ref s_orders[0], found * Lanes);
            Vector256.Shuffle(values, order).StoreUnsafe(ref keptWeights, (nuint)count);
            (order + Vector256.Create(token)).StoreUnsafe(ref keptTokens, (nuint)count);
            count += BitOperations.PopCount(found);
        }

        for (; token < weights.Length; token++)
        {
            if (weights[token] >= bound[0])
            {
                (_weights[count], _tokens[count++]) = (weights[token], token);
            }
        }

        _count = count;
    }

    // For each set of lanes their numbers in ascending order, then zeros.
    private static int[] MakeOrders()
    {
        var orders = new int[(1 << Lanes) * Lanes];
        for (var set = 0; set < 1 << Lanes; set++)
        {
            var place = set * Lanes;
            for (var lane = 0; lane < Lanes; lane++)
            {
                if ((set >> lane & 1) != 0)
                {
                    orders[place++] = lane;
                }
            }
        }

        return orders;
    }

    /// <summary>The key of the last token that the sum needs.</summary>
    private ulong LastKept(double wanted)
    {
        Array.Clear(_sums);
        var weights = _weights.AsSpan(0, _count);
        foreach (var weight in weights)
        {
            _sums[BinOf(weight)] += weight;
        }

        var bin = _sums.Length - 1;
        for (; bin > 0 && _sums[bin] < wanted; bin--)
        {
            wanted -= _sums[bin];
        }

        var keys = Sorted(weights, bin);
        foreach (var key in keys)
        {
            wanted -= WeightOf(key);
            if (wanted <= 0)
            {
                return key;
            }
        }

        // Nothing is left out: rounding has kept the sum from what was wanted.
        return keys.IsEmpty ? ulong.MaxValue : keys[^1];
    }

    private ReadOnlySpan<ulong> Sorted(ReadOnlySpan<float> weights, int bin)
    {
        var count = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (BinOf(weights[i]) == bin)
            {
                _bin[count++] = Key(weights[i], _tokens[i]);
            }
        }

        _bin.AsSpan(0, count).Sort();
        return _bin.AsSpan(0, count);
    }
}
