namespace Patchbay.Engine;

/// <summary>How weights are held in memory and computed with.</summary>
public enum WeightFormat
{
    /// <summary>
    /// By what is stored: F32 stays; GGUF's quantised formats but Q2_K keep their codes, in 4.5 to 8.5 bits per weight; everything else is
    /// <see cref="Q8"/>.
    /// </summary>
    Auto,

    /// <summary>As stored in the checkpoint; exact values with float32 activations.</summary>
    Native,

    /// <summary>Bytes with a scale per group of 32 inputs, and activations quantised alike: 8.5 bits per weight.</summary>
    Q8,

    /// <summary>Four bits with a scale per group of 32 inputs, and activations in bytes: 4.5 bits per weight; Q4_1 and Q4_K keep their codes in 5.</summary>
    Q4,
}
