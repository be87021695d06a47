namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// Encodings that are made at load for integer kernels. Sixteen outputs ("a panel") are interleaved, so that one vector holds the
/// same four inputs of sixteen outputs; inputs come in groups that share a scale. Every one has the codes of GGUF formats, whose blocks are
/// re-packed without a change of them.
/// </summary>
internal enum PackedEncoding
{
    /// <summary>Bytes q, w = d·q: the values of Q8_0, 8.5 bits per weight.</summary>
    Q8,

    /// <summary>Nibbles q, w = d·(q − 8): the values of Q4_0, 4.5 bits per weight.</summary>
    Q4,

    /// <summary>Nibbles q, w = d·q + m: the values of Q4_1, 5 bits per weight.</summary>
    Q4Minimum,

    /// <summary>Codes q of five bits, w = d·(q − 16): the values of Q5_0, 5.5 bits per weight.</summary>
    Q5,

    /// <summary>Codes q of five bits, w = d·q + m: the values of Q5_1, 6 bits per weight.</summary>
    Q5Minimum,

    /// <summary>Codes q of six bits in groups of 16, w = d·(q − 32): the codes of Q6_K, 7 bits per weight.</summary>
    Q6,
}

/// <summary>
/// How the memory of a panel is laid out: the codes of all groups, then the scales of all groups. Codes of five and six bits are split: a
/// group has lines of their upper four bits, then one line of all their lowest bits, of which bits n·j to n·j + n − 1 of a byte belong to
/// the inputs 4j to 4j + 3.
/// </summary>
internal static class PackedEncodingFacts
{
    /// <summary>Inputs that share a scale, and the most that do; of Q6, half as many.</summary>
    public const int UsualGroupValues = 32;

    /// <summary>Outputs that are interleaved.</summary>
    public const int PanelRows = 16;

    /// <summary>One code line: four inputs of each output; with nibbles, two times four: 4j and 4j + 16, or 8j and 8j + 4 where codes are split.</summary>
    public const int LineBytes = 64;

    /// <summary>
    /// How far ahead of the group in use a kernel asks for memory, into the second-level cache. Where each weight is used once, one
    /// core of a Zen 4 reads Q4 at 9 GB/s without asking, at 10 with 2 KB into the first-level cache, whose few miss buffers are then
    /// the limit, and at 18 with this, which is what a plain read loop reaches; Q8 goes from 12 to 17.
    /// </summary>
    public const int PrefetchBytes = 12 * 1024;

    /// <summary>Inputs that share a scale.</summary>
    public static int GroupValues(this PackedEncoding encoding) => encoding == PackedEncoding.Q6 ? UsualGroupValues / 2 : UsualGroupValues;

    /// <summary>Code lines of one group.</summary>
    public static int Lines(this PackedEncoding encoding) => encoding switch
    {
        PackedEncoding.Q8 => 8,
        PackedEncoding.Q4 or PackedEncoding.Q4Minimum => 4,
        PackedEncoding.Q5 or PackedEncoding.Q5Minimum => 5,
        _ => 3,
    };

    /// <summary>Bits of a code that are kept apart from its upper four; 0 where codes are not split.</summary>
    public static int LowBits(this PackedEncoding encoding) => encoding switch
    {
        PackedEncoding.Q5 or PackedEncoding.Q5Minimum => 1,
        PackedEncoding.Q6 => 2,
        _ => 0,
    };

    /// <summary>The code of the weight 0, where codes are unsigned.</summary>
    public static int ZeroPoint(this PackedEncoding encoding) => encoding switch
    {
        PackedEncoding.Q8 => 128,
        PackedEncoding.Q4 => 8,
        PackedEncoding.Q5 => 16,
        PackedEncoding.Q6 => 32,
        _ => 0,
    };

    /// <summary>Whether sixteen binary16 minima follow the sixteen binary16 scales of each group.</summary>
    public static bool HasMinimum(this PackedEncoding encoding) => encoding is PackedEncoding.Q4Minimum or PackedEncoding.Q5Minimum;

    /// <summary>Bytes of the scales (and minima) of one group.</summary>
    public static int ScaleBytes(this PackedEncoding encoding) => PanelRows * sizeof(ushort) * (encoding.HasMinimum() ? 2 : 1);

    /// <summary>Bytes of the codes and scales of one group.</summary>
    public static int GroupBytes(this PackedEncoding encoding) => (encoding.Lines() * LineBytes) + encoding.ScaleBytes();

    /// <summary>Bytes of the codes of a panel, which come before its scales.</summary>
    public static long CodeBytes(this PackedEncoding encoding, int columns) => (long)columns / encoding.GroupValues() * encoding.Lines() * LineBytes;

    /// <summary>Bytes of a panel, a whole number of cache lines.</summary>
    public static long PanelBytes(this PackedEncoding encoding, int columns) =>
        encoding.CodeBytes(columns) + (((columns / encoding.GroupValues() * encoding.ScaleBytes()) + LineBytes - 1) & ~(LineBytes - 1));
}
