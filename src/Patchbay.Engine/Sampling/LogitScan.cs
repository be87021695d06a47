using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.Sampling;

/// <summary>
/// Reads a row of logits as fast as memory gives it: maximum, total weight, the k largest. A row is cut into chunks of 1,024
/// values, a chunk into 16 lanes of every 16th value, whatever the width of the vectors is:
/// <code>
/// value    0  1  2 … 15 │ 16 17 … 31 │ …        lane l of a chunk: values l, l + 16, l + 32, …
/// </code>
/// A lane is added up in ascending order and then the lanes are, so every SIMD path gives the same bits where it multiplies and
/// adds in one rounding. The k-th largest of the lanes' maxima bounds the k-th largest value from below, so only lanes that reach
/// it are looked at again. Used by one thread at a time; allocates only for a larger vocabulary than before.
/// </summary>
internal sealed unsafe class LogitScan(SimdPath path)
{
    private const int Lanes = 16;
    private const int LaneValues = 64;
    private const int ChunkValues = Lanes * LaneValues;

    private float[] _maxima = [];
    private float[] _sums = [];
    private ulong[] _keys = [];
    private readonly float[] _tail = new float[ChunkValues];
    private int _count;

    /// <summary>The largest value; not finite where a value is not a number, one is positive infinity or all are negative infinity.</summary>
    public float Max { get; private set; }

    /// <summary>Chunks of the row that was read last.</summary>
    private int Chunks => (_count + ChunkValues - 1) / ChunkValues;

    /// <summary>Finds the maximum and those of the lanes.</summary>
    public void Read(ReadOnlySpan<float> logits)
    {
        _count = logits.Length;
        if (_maxima.Length < Chunks * Lanes)
        {
            _maxima = new float[Chunks * Lanes];
            _sums = new float[Chunks * Lanes];
            _keys = new ulong[Chunks * ChunkValues];
        }

        fixed (float* row = logits, tail = _tail, maxima = _maxima)
        {
            var kernel = new MaximaKernel(row, Tail(row, tail), maxima, _count);
            Simd.Invoke(path, ref kernel);
            Max = kernel.Max;
        }
    }

    /// <summary>The first token with the largest value; -1 where it is not finite.</summary>
    public int Likeliest(ReadOnlySpan<float> logits)
    {
        if (!float.IsFinite(Max))
        {
            return -1;
        }

        // By their bits, which is vectorised; only zero has two spellings.
        return Max == 0 ? logits.IndexOf(Max) : MemoryMarshal.Cast<float, int>(logits).IndexOf(BitConverter.SingleToInt32Bits(Max));
    }

    /// <summary>Sum over all tokens of the weight e^((logit − max)·<paramref name="inverseTemperature"/>).</summary>
    /// <param name="logits">The row that was read last.</param>
    /// <param name="inverseTemperature">1 / temperature.</param>
    /// <param name="floor">Weights below it count nothing; the largest weight is 1.</param>
    /// <param name="weights">Where the weights go, of the same length; may be the logits themselves, or empty.</param>
    public double Weigh(ReadOnlySpan<float> logits, float inverseTemperature, float floor = 0, Span<float> weights = default)
    {
        fixed (float* row = logits, tail = _tail, sums = _sums, target = weights)
        {
            var kernel = new WeightKernel(row, Tail(row, tail), sums, target, _count, Max, inverseTemperature, floor);
            Simd.Invoke(path, ref kernel);
            for (var i = _count / ChunkValues * ChunkValues; i < weights.Length; i++)
            {
                weights[i] = tail[i % ChunkValues];
            }
        }

        var total = 0.0;
        foreach (var sum in _sums.AsSpan(0, Chunks * Lanes))
        {
            total += sum;
        }

        return total;
    }

    /// <summary>The token where the running sum over the weights, in the order of <see cref="Weigh"/>, passes <paramref name="target"/>.</summary>
    public int Find(ReadOnlySpan<float> weights, double target)
    {
        var last = -1;
        for (var lane = 0; lane < Chunks * Lanes; lane++)
        {
            var sum = _sums[lane];
            if (sum > 0 && target < sum)
            {
                last = FindInLane(weights, lane, ref target);
                if (target < 0)
                {
                    return last;
                }
            }
            else
            {
                last = sum > 0 ? -1 - lane : last;
                target -= sum;
            }
        }

        // Rounding has left a little of the target: the last token that weighs something.
        var rest = double.PositiveInfinity;
        return last >= 0 ? last : FindInLane(weights, -1 - last, ref rest);
    }

    /// <summary>The keys of the <paramref name="count"/> likeliest tokens, likeliest first; of equals, the lower token comes first. All, if there are fewer.</summary>
    public ReadOnlySpan<ulong> Top(ReadOnlySpan<float> logits, int count)
    {
        var found = Gather(logits, Bound(count));
        var keys = _keys.AsSpan(0, found);
        if (found > count)
        {
            Select(keys, count);
            keys = keys[..count];
        }

        keys.Sort();
        return keys;
    }

    public static int TokenOf(ulong key) => (int)(uint)key;

    public static float LogitOf(ulong key)
    {
        var ordered = ~(uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((int)ordered < 0 ? ordered ^ 0x8000_0000 : ~ordered);
    }

    /// <summary>The weight of one token, the same bits that <see cref="Weigh"/> adds up.</summary>
    public float WeightOf(float logit, float inverseTemperature) => Weight<SimdScalar, float>(logit, Max, inverseTemperature);

    // Ascending keys are descending logits, and ascending tokens where those are equal.
    private static ulong Key(float logit, int token)
    {
        var bits = BitConverter.SingleToUInt32Bits(logit == 0 ? 0 : logit);
        var ordered = (int)bits < 0 ? ~bits : bits | 0x8000_0000;
        return ((ulong)~ordered << 32) | (uint)token;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Weight<TSimd, TVector>(TVector logit, TVector max, TVector inverseTemperature)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        // What is below e^-87 weighs nothing: a token that is forbidden is never drawn.
        var x = TSimd.Multiply(TSimd.Subtract(logit, max), inverseTemperature);
        var isInRange = TSimd.Add(x, TSimd.Create(87f));
        var weight = VectorMath.ExpInRange<TSimd, TVector>(TSimd.SelectPositive(isInRange, x, TSimd.Create(-87f)));
        return TSimd.SelectPositive(isInRange, weight, TSimd.Create(0f));
    }

    // The values after the last whole chunk, filled up with such that count for nothing.
    private float* Tail(float* row, float* tail)
    {
        var whole = _count / ChunkValues * ChunkValues;
        new Span<float>(row + whole, _count - whole).CopyTo(_tail);
        _tail.AsSpan(_count - whole).Fill(float.NegativeInfinity);
        return tail;
    }

    private int FindInLane(ReadOnlySpan<float> weights, int lane, ref double target)
    {
        var last = -1;
        for (var i = (lane / Lanes * ChunkValues) + (lane % Lanes); i < Math.Min(_count, (lane / Lanes + 1) * ChunkValues); i += Lanes)
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

    /// <summary>A value that at least <paramref name="count"/> values reach.</summary>
    private float Bound(int count)
    {
        var lanes = Chunks * Lanes;
        if (count >= lanes)
        {
            return float.NegativeInfinity;
        }

        var keys = _keys.AsSpan(0, lanes);
        for (var lane = 0; lane < lanes; lane++)
        {
            keys[lane] = Key(_maxima[lane], lane);
        }

        Select(keys, count);
        var lowest = keys[0];
        foreach (var key in keys[..count])
        {
            lowest = Math.Max(lowest, key);
        }

        return LogitOf(lowest);
    }

    private int Gather(ReadOnlySpan<float> logits, float bound)
    {
        var found = 0;
        for (var lane = 0; lane < Chunks * Lanes; lane++)
        {
            if (_maxima[lane] < bound)
            {
                continue;
            }

            var first = (lane / Lanes * ChunkValues) + (lane % Lanes);
            for (var i = first; i < Math.Min(_count, first + ChunkValues); i += Lanes)
            {
                if (logits[i] >= bound)
                {
                    _keys[found++] = Key(logits[i], i);
                }
            }
        }

        return found;
    }

    /// <summary>Brings the <paramref name="count"/> smallest keys to the front, in any order (quickselect; keys are all different).</summary>
    private static void Select(Span<ulong> keys, int count)
    {
        while (keys.Length > 1 && count > 0 && count < keys.Length)
        {
            var pivot = MedianOfThree(keys[0], keys[keys.Length / 2], keys[^1]);
            var (low, high) = (0, keys.Length - 1);
            while (low <= high)
            {
                while (keys[low] < pivot)
                {
                    low++;
                }

                while (keys[high] > pivot)
                {
                    high--;
                }

                if (low <= high)
                {
                    (keys[low], keys[high]) = (keys[high], keys[low]);
                    low++;
                    high--;
                }
            }

            // [0, high] ≤ pivot, between them nothing but the pivot, [low, …] ≥ pivot.
            if (count <= high)
            {
                keys = keys[..(high + 1)];
            }
            else if (count > low)
            {
                keys = keys[low..];
                count -= low;
            }
            else
            {
                return;
            }
        }
    }

    private static ulong MedianOfThree(ulong a, ulong b, ulong c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));

    private struct MaximaKernel(float* logits, float* tail, float* maxima, int count) : ISimdKernel
    {
        private readonly float* _logits = logits;
        private readonly float* _tail = tail;
        private readonly float* _maxima = maxima;

        public float Max { get; private set; }

        public void Invoke<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var all = TSimd.Create(float.NegativeInfinity);
            var chunks = (count + ChunkValues - 1) / ChunkValues;
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                var values = (chunk + 1) * ChunkValues > count ? _tail : _logits + (chunk * ChunkValues);
                for (var lane = 0; lane < Lanes; lane += TSimd.Count)
                {
                    // Four at a time: the processor need not wait for one comparison to begin the next.
                    var m0 = TSimd.Load(values + lane);
                    var m1 = TSimd.Load(values + Lanes + lane);
                    var m2 = TSimd.Load(values + (2 * Lanes) + lane);
                    var m3 = TSimd.Load(values + (3 * Lanes) + lane);
                    for (var i = 4 * Lanes; i < ChunkValues; i += 4 * Lanes)
                    {
                        m0 = TSimd.Max(m0, TSimd.Load(values + i + lane));
                        m1 = TSimd.Max(m1, TSimd.Load(values + i + Lanes + lane));
                        m2 = TSimd.Max(m2, TSimd.Load(values + i + (2 * Lanes) + lane));
                        m3 = TSimd.Max(m3, TSimd.Load(values + i + (3 * Lanes) + lane));
                    }

                    var max = TSimd.Max(TSimd.Max(m0, m1), TSimd.Max(m2, m3));
                    TSimd.Store(max, _maxima + (chunk * Lanes) + lane);
                    all = TSimd.Max(all, max);
                }
            }

            Max = TSimd.MaxAcross(all);
        }
    }

    private readonly struct WeightKernel(
        float* logits, float* tail, float* sums, float* weights, int count, float max, float inverseTemperature, float floor) : ISimdKernel
    {
        private readonly float* _logits = logits;
        private readonly float* _tail = tail;
        private readonly float* _sums = sums;
        private readonly float* _weights = weights;

        public void Invoke<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var (shift, factor, least) = (TSimd.Create(max), TSimd.Create(inverseTemperature), TSimd.Create(floor));
            var chunks = (count + ChunkValues - 1) / ChunkValues;
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                var isTail = (chunk + 1) * ChunkValues > count;
                var values = isTail ? _tail : _logits + (chunk * ChunkValues);
                var target = isTail ? _tail : _weights + (chunk * ChunkValues);
                for (var lane = 0; lane < Lanes; lane += TSimd.Count)
                {
                    var sum = TSimd.Create(0f);
                    for (var i = lane; i < ChunkValues; i += Lanes)
                    {
                        var weight = Weight<TSimd, TVector>(TSimd.Load(values + i), shift, factor);
                        if (floor > 0)
                        {
                            weight = TSimd.SelectPositive(TSimd.Subtract(least, weight), TSimd.Create(0f), weight);
                        }

                        sum = TSimd.Add(sum, weight);
                        if (_weights is not null)
                        {
                            TSimd.Store(weight, target + i);
                        }
                    }

                    TSimd.Store(sum, _sums + (chunk * Lanes) + lane);
                }
            }
        }
    }
}
