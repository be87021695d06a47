namespace Patchbay.Engine;

/// <summary>How keys and values are kept in memory.</summary>
public enum KvFormat
{
    /// <summary>As they are computed, 4 bytes a value.</summary>
    F32,

    /// <summary>bfloat16, rounded to nearest: 2 bytes a value, 8 bits of precision.</summary>
    BF16,

    /// <summary>8-bit whole numbers times a float32 scale for each vector of a head: a little over 1 byte a value.</summary>
    Q8,
}
