using Patchbay.Engine.Kernels.Encodings;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>Blocks of GGUF's Q8_0.</summary>
internal readonly unsafe struct StoredQ8 : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group * 34);
        for (var i = 0; i < PackedEncodingFacts.GroupValues; i++)
        {
            codes[i] = (byte)(block[2 + i] ^ 128);
        }

        return (*(ushort*)block, 0);
    }
}

/// <summary>Blocks of GGUF's Q4_0: low nibbles are the first sixteen values.</summary>
internal readonly unsafe struct StoredQ4 : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group * 18);
        Split(block + 2, codes);
        return (*(ushort*)block, 0);
    }

    /// <summary>Sixteen bytes as 32 nibbles.</summary>
    public static void Split(byte* nibbles, byte* codes)
    {
        for (var i = 0; i < 16; i++)
        {
            codes[i] = (byte)(nibbles[i] & 15);
            codes[16 + i] = (byte)(nibbles[i] >> 4);
        }
    }
}

/// <summary>Blocks of GGUF's Q4_1.</summary>
internal readonly unsafe struct StoredQ4Minimum : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group * 20);
        StoredQ4.Split(block + 4, codes);
        return (*(ushort*)block, *(ushort*)(block + 2));
    }
}

/// <summary>Blocks of GGUF's Q5_0: w = d·(q − 16), whose values are among those of Q8.</summary>
internal readonly unsafe struct StoredQ5 : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group * 22);
        var high = *(uint*)(block + 2);
        StoredQ4.Split(block + 6, codes);
        for (var i = 0; i < PackedEncodingFacts.GroupValues; i++)
        {
            codes[i] = (byte)(128 - 16 + (codes[i] | ((high >> i & 1) << 4)));
        }

        return (*(ushort*)block, 0);
    }
}

/// <summary>Blocks of GGUF's IQ4_NL: w = d·v, v from a table of bytes.</summary>
internal readonly unsafe struct StoredIQ4NL : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group * 18);
        StoredQ4.Split(block + 2, codes);
        for (var i = 0; i < PackedEncodingFacts.GroupValues; i++)
        {
            codes[i] = (byte)(128 + IQ4NL.Values[codes[i]]);
        }

        return (*(ushort*)block, 0);
    }
}

/// <summary>
/// Groups of GGUF's Q4_K with their own codes: w = d·s·q − dmin·m, where d·s and dmin·m, products of binary16 and six bits, are rounded to
/// binary16.
/// </summary>
internal readonly unsafe struct StoredQ4K : IGroupSource
{
    private const int BlockGroups = 8;

    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group / BlockGroups * Q4K.BlockBytes);
        var within = group % BlockGroups;
        var nibbles = block + Q4K.Codes + (within / 2 * PackedEncodingFacts.GroupValues);
        for (var i = 0; i < PackedEncodingFacts.GroupValues; i++)
        {
            codes[i] = (byte)(nibbles[i] >> (within % 2 * 4) & 15);
        }

        var (scale, minimum) = Q4K.ScaleOf(block, within);
        return (BitConverter.HalfToUInt16Bits((Half)scale), BitConverter.HalfToUInt16Bits((Half)(-minimum)));
    }
}
