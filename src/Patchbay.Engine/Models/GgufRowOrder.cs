namespace Patchbay.Engine.Models;

/// <summary>Where llama.cpp's converter puts rows that Hugging Face has elsewhere.</summary>
internal static class GgufRowOrder
{
    /// <summary>llama.cpp turns neighbouring values; Hugging Face turns the halves of a head against each other.</summary>
    public static Func<int, int> Paired(int headDim) =>
        row => (row / headDim * headDim) + (2 * (row % headDim % (headDim / 2))) + (row % headDim / (headDim / 2));
}
