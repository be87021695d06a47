using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// BD-LoRA (<c>use_bdlora</c>): A or B of some modules has n blocks on its diagonal and zeros elsewhere; the file holds the blocks,
/// one below the other. The zeros are filled in at load, and the module computes as any other.
/// </summary>
/// <param name="InA">Parts of the names of modules whose A is stored as (r, in / n).</param>
/// <param name="InB">Parts of the names of modules whose B is stored as (out, r / n).</param>
/// <param name="Count">n.</param>
/// <param name="IsStrict">Whether every target must be named by one of the two.</param>
internal sealed record BlockDiagonal(IReadOnlyList<string> InA, IReadOnlyList<string> InB, int Count, bool IsStrict)
{
    private const string Field = $"{AdapterFiles.ConfigFile}: use_bdlora";

    public static BlockDiagonal? Read(ConfigFields? fields) => fields is null ? null : new(
        fields.TextOrList("target_modules_bd_a").List ?? [],
        fields.TextOrList("target_modules_bd_b").List ?? [],
        fields.Whole("nblocks", 1, 4096),
        fields.Boolean("match_strict"));

    /// <summary>By how much columns of A and of B are divided in the file.</summary>
    /// <exception cref="AdapterRefusedException">The module is named by none or both, or its sizes do not divide.</exception>
    public (int A, int B) DivisorsOf(AdaptableModule module, int rank)
    {
        var (inA, inB) = (InA.Any(Names), InB.Any(Names));
        if (inA && inB || (IsStrict && !inA && !inB))
        {
            throw new AdapterRefusedException(
                $"{Field}: expected {module.Path} in one of target_modules_bd_a and target_modules_bd_b, found it in {(inA ? "both" : "none")}.");
        }

        var size = inA ? module.Weight.Columns : module.Weight.Rows;
        if ((inA || inB) && (rank % Count != 0 || size % Count != 0))
        {
            throw new AdapterRefusedException($"{Field}: nblocks: expected a divisor of rank {rank} and of {size}, the width of {module.Path}, found {Count}.");
        }

        return (inA ? Count : 1, inB ? Count : 1);

        bool Names(string part) => module.Path.Contains(part, StringComparison.Ordinal);
    }

    /// <summary>The matrix (rows, columns · n) with the blocks of a stored one (rows, columns) on its diagonal.</summary>
    public static unsafe (NativeBuffer Owner, TensorView View) Fill(TensorView stored, int count)
    {
        var (rows, columns) = ((int)stored.Shape[0], (int)stored.Shape[1]);
        var type = LoraDeltaFactory.Stored(stored.Type);
        var size = type.Block().Bytes;
        var buffer = new NativeBuffer((long)rows * columns * count * size);
        for (var row = 0; row < rows; row++)
        {
            var block = row / (rows / count);
            var target = buffer.Data + ((((nint)row * count) + block) * columns * size);
            LoraDeltaFactory.CopyValues(stored, (long)row * columns, 1, columns, target);
        }

        return (buffer, new TensorView(stored.Name, type, [rows, (long)columns * count], (nint)buffer.Data, buffer.Length));
    }
}
