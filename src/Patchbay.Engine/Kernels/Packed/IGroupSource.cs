namespace Patchbay.Engine.Kernels.Packed;

/// <summary>Where the codes of a group of 32 weights come from.</summary>
internal unsafe interface IGroupSource
{
    /// <summary>Whether it quantises values, instead of taking over stored codes.</summary>
    static abstract bool NeedsValues { get; }

    /// <summary>Writes 32 codes as the panel holds them, unsigned, and gives binary16 scale and minimum.</summary>
    /// <param name="source">The first of 32 float32 values, or the first byte of the stored row.</param>
    /// <param name="group">Which group of the row, where stored codes are taken over.</param>
    /// <param name="codes">Receives the codes.</param>
    static abstract (ushort Scale, ushort Minimum) Read(byte* source, int group, byte* codes);
}

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
