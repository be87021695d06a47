namespace Patchbay.Engine;

/// <summary>How weights are held in memory and computed with.</summary>
public enum WeightFormat
{
    /// <summary>
    /// By what is stored: F32 stays; GGUF's Q4_0, Q4_1 and Q4_K keep their codes in 4.5 or 5 bits per weight; everything else is
    /// <see cref="Q8"/>, for GGUF's Q8_0, Q5_0 and IQ4_NL with their exact values.
    /// </summary>
    Auto,

    /// <summary>As stored in the checkpoint; exact values with float32 activations.</summary>
    Native,

    /// <summary>Bytes with a scale per group of 32 inputs, and activations quantised alike: 8.5 bits per weight.</summary>
    Q8,

    /// <summary>Four bits with a scale per group of 32 inputs, and activations in bytes: 4.5 bits per weight; Q4_1 and Q4_K keep their codes in 5.</summary>
    Q4,
}
