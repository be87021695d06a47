using Patchbay.Engine.Kernels.Encodings;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>Blocks of GGUF's Q8_0.</summary>
internal readonly unsafe struct StoredQ8 : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group * 34);
        for (var i = 0; i < PackedEncodingFacts.UsualGroupValues; i++)
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

/// <summary>Blocks of GGUF's Q5_0.</summary>
internal readonly unsafe struct StoredQ5 : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group * 22);
        Join(block + 6, *(uint*)(block + 2), codes);
        return (*(ushort*)block, 0);
    }

    /// <summary>Sixteen bytes of nibbles and 32 fifth bits as codes.</summary>
    public static void Join(byte* nibbles, uint fifthBits, byte* codes)
    {
        StoredQ4.Split(nibbles, codes);
        for (var i = 0; i < PackedEncodingFacts.UsualGroupValues; i++)
        {
            codes[i] |= (byte)((fifthBits >> i & 1) << 4);
        }
    }
}

/// <summary>Blocks of GGUF's Q5_0, whose values are among those of Q8.</summary>
internal readonly unsafe struct StoredQ5InBytes : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var read = StoredQ5.Read(source, group, codes);
        for (var i = 0; i < PackedEncodingFacts.UsualGroupValues; i++)
        {
            codes[i] += (byte)(PackedEncoding.Q8.ZeroPoint() - PackedEncoding.Q5.ZeroPoint());
        }

        return read;
    }
}

/// <summary>Blocks of GGUF's Q5_1.</summary>
internal readonly unsafe struct StoredQ5Minimum : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group * 24);
        StoredQ5.Join(block + 8, *(uint*)(block + 4), codes);
        return (*(ushort*)block, *(ushort*)(block + 2));
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
        for (var i = 0; i < PackedEncodingFacts.UsualGroupValues; i++)
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
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group / Q4K.Groups * Q4K.BlockBytes);
        Q4K.ReadCodes(block + Q4K.Codes, group % Q4K.Groups, codes);
        var (scale, minimum) = Q4K.ScaleOf(block, group % Q4K.Groups);
        return (Rounded(scale), Rounded(-minimum));
    }

    /// <summary>A product of scales as binary16.</summary>
    public static ushort Rounded(float scale) => BitConverter.HalfToUInt16Bits((Half)scale);
}

/// <summary>Groups of GGUF's Q5_K, as those of Q4_K.</summary>
internal readonly unsafe struct StoredQ5K : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group / Q4K.Groups * Q5K.BlockBytes);
        var within = group % Q4K.Groups;
        Q4K.ReadCodes(block + Q5K.Codes, within, codes);
        for (var i = 0; i < PackedEncodingFacts.UsualGroupValues; i++)
        {
            codes[i] |= (byte)((block[Q5K.HighBits + i] >> within & 1) << 4);
        }

        var (scale, minimum) = Q4K.ScaleOf(block, within);
        return (StoredQ4K.Rounded(scale), StoredQ4K.Rounded(-minimum));
    }
}

/// <summary>Groups of GGUF's Q6_K with their own codes; d·s, a product of binary16 and a byte, is rounded to binary16.</summary>
internal readonly unsafe struct StoredQ6K : IGroupSource
{
    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group / Q6K.Groups * Q6K.BlockBytes);
        var within = group % Q6K.Groups;
        for (var i = 0; i < Q6K.GroupValues; i++)
        {
            codes[i] = (byte)Q6K.Code(block, (within * Q6K.GroupValues) + i);
        }

        return (StoredQ4K.Rounded(Q6K.ScaleOf(block, within)), 0);
    }
}

/// <summary>Groups of GGUF's Q3_K, as those of Q6_K, whose codes include theirs.</summary>
internal readonly unsafe struct StoredQ3K : IGroupSource
{
    private const int ZeroPoint = 4;

    public static bool NeedsValues => false;

    public static (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes)
    {
        var block = source + (group / Q3K.Groups * Q3K.BlockBytes);
        var within = group % Q3K.Groups;
        for (var i = 0; i < Q3K.GroupValues; i++)
        {
            codes[i] = (byte)(Q3K.Code(block, (within * Q3K.GroupValues) + i) + PackedEncoding.Q6.ZeroPoint() - ZeroPoint);
        }

        return (StoredQ4K.Rounded(Q3K.ScaleOf(block, within)), 0);
    }
}
