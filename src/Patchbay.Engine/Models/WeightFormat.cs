namespace Patchbay.Engine;

/// <summary>How weights are held in memory and computed with.</summary>
public enum WeightFormat
{
    /// <summary>
    /// By what is stored: <see cref="Q8"/> for F16 and BF16; GGUF's Q8_0, Q4_0 and Q4_1 re-packed without a change; everything else as
    /// stored.
    /// </summary>
    Auto,

    /// <summary>As stored in the checkpoint; exact values with float32 activations.</summary>
    Native,

    /// <summary>Bytes with a scale per group of 32 inputs, and activations quantised alike: 8.5 bits per weight.</summary>
    Q8,

    /// <summary>Four bits with a scale per group of 32 inputs, and activations in bytes: 4.5 bits per weight; Q4_1 keeps its 5.</summary>
    Q4,
}
