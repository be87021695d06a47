namespace Patchbay.Engine.Kernels.Packed;

/// <summary>One output at a time: the plainest reading, and the test of the others.</summary>
internal readonly unsafe struct DotScalar : IDotSimd<int, float>
{
    public static int Load(byte* codes) => *(int*)codes;

    public static int Broadcast(sbyte* activations) => *(int*)activations;

    public static int Start(int correction) => correction;

    public static int Magnitude(int codes) => codes;

    public static int Sign(int codes) => 0;

    public static int AddBytes(int sum, int magnitude, int sign, int activations)
    {
        for (var shift = 0; shift < 32; shift += 8)
        {
            sum += (byte)(magnitude >> shift) * (sbyte)(activations >> shift);
        }

        return sum;
    }

    public static int LowNibbles(int codes) => codes & 0x0f0f0f0f;

    public static int HighNibbles(int codes) => (codes >> 4) & 0x0f0f0f0f;

    public static int AddNibbles(int partial, int nibbles, int activations) => AddBytes(partial, nibbles, 0, activations);

    public static int FinishNibbles(int partial, int correction) => partial + correction;

    public static int Create(int correction) => correction;

    public static int LowCodes(int nibbles, int lowBits, int count) => ((nibbles & 0x0f0f0f0f) << count) | (lowBits & SplitCodes.LowMask(count));

    public static int HighCodes(int nibbles, int lowBits, int count) => LowCodes(nibbles >> 4, lowBits >>> count, count);

    public static int NextLowBits(int lowBits, int count) => lowBits >>> (2 * count);

    public static int AddCodes(int sum, int low, int lowActivations, int high, int highActivations) =>
        AddBytes(AddBytes(sum, low, 0, lowActivations), high, 0, highActivations);

    public static float ToFloat(int sum) => sum;
}
