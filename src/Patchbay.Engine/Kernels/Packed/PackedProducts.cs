using System.Runtime.CompilerServices;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>One of several products of the same rows.</summary>
/// <param name="weight">W.</param>
/// <param name="y">Receives x·Wᵀ, (rows, outputs).</param>
/// <param name="changes">Done to each tile of y by the task that computes it.</param>
internal readonly struct PackedProduct(PackedMatrix weight, Matrix y, TileChanges changes)
{
    public readonly PackedMatrix Weight = weight;
    public readonly Matrix Y = y;
    public readonly TileChanges Changes = changes;
}

/// <summary>Products of the same rows whose weights have one encoding.</summary>
[InlineArray(Most)]
internal struct PackedProducts
{
    /// <summary>How many there can be.</summary>
    public const int Most = 4;

    private PackedProduct _first;
}
