using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// One low-rank change of some rows of an output: y = d ⊙ (y + w·s·t·B) + w·c, or, where <see cref="Before"/> is given,
/// y = y + w·(d ⊙ (y₀ + s·t·B) + c − y₀).
/// </summary>
/// <param name="shrunk">t = x·Aᵀ, (rows, r).</param>
/// <param name="expand">B transposed, (r, outputs), in a dense encoding.</param>
/// <param name="scale">s.</param>
/// <param name="weight">w.</param>
internal readonly unsafe struct LoraTerm(Matrix shrunk, WeightMatrix expand, float scale, float weight)
{
    public readonly Matrix Shrunk = shrunk;
    public readonly WeightMatrix Expand = expand;
    public readonly float Scale = scale;
    public readonly float Weight = weight;

    /// <summary>d of DoRA (arXiv:2402.09353), one value per output; null is 1.</summary>
    public float* OutputScale { get; init; }

    /// <summary>c, one value per output; null is 0.</summary>
    public float* OutputBias { get; init; }

    /// <summary>y₀, the output before any term of a weighted sum; default where y itself is scaled.</summary>
    public Matrix Before { get; init; }

    /// <summary>Whether it only adds s·t·B.</summary>
    public bool IsPlain => OutputScale is null && OutputBias is null && Before.Data is null;
}

/// <summary>Some rows and columns of an output.</summary>
internal readonly record struct LoraTile(int FirstRow, int RowCount, int FirstColumn, int EndColumn);
