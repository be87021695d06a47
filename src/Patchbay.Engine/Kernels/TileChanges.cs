namespace Patchbay.Engine.Kernels;

/// <summary>What a task does to each tile that it has computed, while a cache holds it; default is nothing.</summary>
/// <param name="changes">Of all products.</param>
/// <param name="first">The first output of this product.</param>
/// <param name="end">The one after its last.</param>
internal readonly struct TileChanges(OutputChanges changes, int first, int end)
{
    /// <summary>Changes some rows and columns of the product.</summary>
    public void Apply<TSimd, TVector>(in LoraTile tile)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (first < end)
        {
            changes.ChangeTile<TSimd, TVector>(first, end, tile);
        }
    }
}
