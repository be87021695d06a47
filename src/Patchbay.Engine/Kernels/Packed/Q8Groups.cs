namespace Patchbay.Engine.Kernels.Packed;

/// <summary>Q8 from values: d = max|w| / 127 as binary16, q = round(w / d), ties to even.</summary>
internal readonly unsafe struct Q8Groups : IGroupSource
{
    public static bool NeedsValues => true;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var values = new ReadOnlySpan<float>(source, PackedEncodingFacts.UsualGroupValues);
        var largest = 0f;
        foreach (var value in values)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        // Rounded down far enough (subnormal scales), the largest weight would need a code past 127.
        var half = (Half)(largest / 127f);
        if (Half.IsFinite(half) && largest > (float)half * 127.5f)
        {
            half = Half.BitIncrement(half);
        }

        var factor = half == Half.Zero ? 0 : 1f / (float)half;
        for (var i = 0; i < values.Length; i++)
        {
            codes[i] = (byte)(128 + Math.Clamp((int)MathF.Round(values[i] * factor), -127, 127));
        }

        return (BitConverter.HalfToUInt16Bits(half), 0);
    }
}
