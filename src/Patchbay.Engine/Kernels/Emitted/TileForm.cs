using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>What a kernel is written for.</summary>
/// <param name="Encoding">Of the weights.</param>
/// <param name="IsWhole">Whether split codes come as <see cref="WholeCodes"/>.</param>
/// <param name="Rows">Rows of activations.</param>
internal readonly record struct TileForm(PackedEncoding Encoding, bool IsWhole, int Rows)
{
    /// <summary>All that there are.</summary>
    /// <param name="mostRows">Most rows of activations.</param>
    public static IEnumerable<TileForm> All(int mostRows)
    {
        foreach (var encoding in Enum.GetValues<PackedEncoding>())
        {
            for (var rows = 1; rows <= mostRows; rows++)
            {
                yield return new TileForm(encoding, IsWhole: false, rows);
                if (encoding.LowBits() > 0)
                {
                    yield return new TileForm(encoding, IsWhole: true, rows);
                }
            }
        }
    }
}
