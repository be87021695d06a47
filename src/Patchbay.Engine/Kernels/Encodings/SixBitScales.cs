namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>Eight scales and eight minimums of six bits each in twelve bytes, as Q4_K and Q5_K store them (ggml-quants.c <c>get_scale_min_k4</c>).</summary>
internal static unsafe class SixBitScales
{
    /// <param name="packed">The twelve bytes.</param>
    /// <param name="index">0 to 7.</param>
    public static (int Scale, int Minimum) Read(byte* packed, int index) => index < 4
        ? (packed[index] & 63, packed[index + 4] & 63)
        : ((packed[index + 4] & 15) | (packed[index - 4] >> 6 << 4), (packed[index + 4] >> 4) | (packed[index] >> 6 << 4));
}
