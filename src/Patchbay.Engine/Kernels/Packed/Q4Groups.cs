using System.Runtime.Intrinsics;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// Q4 from values: of several scales, the one whose codes leave the least squared error. For codes q = clamp(round(w·f), −8, 7) the
/// best scale is d = Σwq / Σq², which takes (Σwq)² / Σq² off Σw²; f goes through what puts the largest weight on ±6.8 to ±9.2.
/// Weights below 1e-30 are 0. The vectors have one width on every processor, so that the choice is the same everywhere.
/// </summary>
internal readonly unsafe struct Q4Groups : IGroupSource
{
    private const int Steps = 13;
    private const float First = 6.8f;
    private const float Step = 0.2f;

    public static bool NeedsValues => true;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var (low, high) = (Vector512.Load((float*)source), Vector512.Load((float*)source + 16));
        var scale = Best(low, high, Largest((float*)source));
        var half = (Half)scale;
        var factor = half == Half.Zero ? 0 : 1f / (float)half;
        Store(Codes(low, factor), codes);
        Store(Codes(high, factor), codes + 16);
        return (BitConverter.HalfToUInt16Bits(half), 0);
    }

    private static float Best(Vector512<float> low, Vector512<float> high, float largest)
    {
        if (!(largest >= 1e-30f && float.IsFinite(largest)))
        {
            return largest < 1e-30f ? 0 : largest;
        }

        var (bestGain, best) = (-1f, 0f);
        for (var i = 0; i < 2 * Steps; i++)
        {
            var target = First + (Step * (i >> 1));
            var factor = (i & 1) == 0 ? -target / largest : target / largest;
            var (lowCodes, highCodes) = (Codes(low, factor), Codes(high, factor));
            var product = Sum((low * lowCodes) + (high * highCodes));
            var square = Sum((lowCodes * lowCodes) + (highCodes * highCodes));
            var gain = square > 0 ? product * product / square : 0;
            if (gain > bestGain)
            {
                (bestGain, best) = (gain, square > 0 ? product / square : 0);
            }
        }

        return best;
    }

    private static float Largest(float* values)
    {
        var largest = 0f;
        for (var i = 0; i < PackedEncodingFacts.UsualGroupValues; i++)
        {
            largest = MathF.Max(largest, MathF.Abs(values[i]));
        }

        return largest;
    }

    private static Vector512<float> Codes(Vector512<float> values, float factor) =>
        Vector512.Min(Vector512.Max(Vector512.Round(values * factor), Vector512.Create(-8f)), Vector512.Create(7f));

    // Always in this order.
    private static float Sum(Vector512<float> vector)
    {
        var half = vector.GetLower() + vector.GetUpper();
        var quarter = half.GetLower() + half.GetUpper();
        return quarter[0] + quarter[1] + (quarter[2] + quarter[3]);
    }

    private static void Store(Vector512<float> codes, byte* destination)
    {
        for (var i = 0; i < Vector512<float>.Count; i++)
        {
            destination[i] = (byte)(8 + (int)codes[i]);
        }
    }
}
