namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// Encodings that are made at load for integer kernels. Sixteen outputs ("a panel") are interleaved, so that one vector holds the
/// same four inputs of sixteen outputs; inputs come in groups of 32 that share a scale. Every one has exactly the precision
/// of a GGUF format, whose blocks are re-packed without a change.
/// </summary>
internal enum PackedEncoding
{
    /// <summary>Bytes q, w = d·q: the values of Q8_0, 8.5 bits per weight.</summary>
    Q8,

    /// <summary>Nibbles q, w = d·(q − 8): the values of Q4_0, 4.5 bits per weight.</summary>
    Q4,

    /// <summary>Nibbles q, w = d·q + m: the values of Q4_1, 5 bits per weight.</summary>
    Q4Minimum,
}

/// <summary>How the memory of a panel is laid out: the codes of all groups, then the scales of all groups.</summary>
internal static class PackedEncodingFacts
{
    /// <summary>Inputs that share a scale.</summary>
    public const int GroupValues = 32;

    /// <summary>Outputs that are interleaved.</summary>
    public const int PanelRows = 16;

    /// <summary>One code line: four inputs of each output; with nibbles, two times four.</summary>
    public const int LineBytes = 64;

    /// <summary>
    /// How far ahead of the group in use a kernel asks for memory, into the second-level cache. Where each weight is used once, one
    /// core of a Zen 4 reads Q4 at 9 GB/s without asking, at 10 with 2 KB into the first-level cache, whose few miss buffers are then
    /// the limit, and at 18 with this, which is what a plain read loop reaches; Q8 goes from 12 to 17.
    /// </summary>
    public const int PrefetchBytes = 12 * 1024;

    /// <summary>Code lines of one group.</summary>
    public static int Lines(this PackedEncoding encoding) => encoding == PackedEncoding.Q8 ? 8 : 4;

    /// <summary>The code of the weight 0, where codes are unsigned.</summary>
    public static int ZeroPoint(this PackedEncoding encoding) => encoding switch
    {
        PackedEncoding.Q8 => 128,
        PackedEncoding.Q4 => 8,
        _ => 0,
    };

    /// <summary>Whether sixteen binary16 minima follow the sixteen binary16 scales of each group.</summary>
    public static bool HasMinimum(this PackedEncoding encoding) => encoding == PackedEncoding.Q4Minimum;

    /// <summary>Bytes of the scales (and minima) of one group.</summary>
    public static int ScaleBytes(this PackedEncoding encoding) => PanelRows * sizeof(ushort) * (encoding.HasMinimum() ? 2 : 1);

    /// <summary>Bytes of the codes and scales of one group.</summary>
    public static int GroupBytes(this PackedEncoding encoding) => (encoding.Lines() * LineBytes) + encoding.ScaleBytes();

    /// <summary>Bytes of the codes of a panel, which come before its scales.</summary>
    public static long CodeBytes(this PackedEncoding encoding, int columns) => (long)columns / GroupValues * encoding.Lines() * LineBytes;

    /// <summary>Bytes of a panel, a whole number of cache lines.</summary>
    public static long PanelBytes(this PackedEncoding encoding, int columns) =>
        encoding.CodeBytes(columns) + (((columns / GroupValues * encoding.ScaleBytes()) + LineBytes - 1) & ~(LineBytes - 1));
}
