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
