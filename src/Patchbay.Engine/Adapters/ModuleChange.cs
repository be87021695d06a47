using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>A low-rank change and its factor in a sum.</summary>
internal readonly record struct WeightedDelta(LoraDelta Delta, float Weight);

/// <summary>Everything an adapter does to one module: values that take the place of the base model's, and what is added then.</summary>
internal sealed unsafe class ModuleChange : IDisposable
{
    /// <summary>Takes the place of the weight; more or fewer rows than the base model's for another vocabulary.</summary>
    public WeightMatrix? Weight { get; init; }

    /// <summary>Takes the place of the bias.</summary>
    public NativeBuffer? Bias { get; init; }

    /// <summary>Take the place of single rows of the weight.</summary>
    public ReplacedRows? Rows { get; init; }

    /// <summary>What is added, in the order in which it is added.</summary>
    public IReadOnlyList<WeightedDelta> Deltas { get; init; } = [];

    /// <summary>Whether something takes the place of the base model's values, so that no weighted sum can be made of it.</summary>
    public bool Replaces => Weight is not null || Bias is not null || Rows is not null;

    /// <summary>
    /// Whether the output has to be there before: because rows of the weight are replaced, or because a scaled term of a weighted sum
    /// counts from it.
    /// </summary>
    public bool NeedsOutput
    {
        get
        {
            if (Weight is not null || Rows is not null)
            {
                return true;
            }

            for (var i = 0; i < Deltas.Count; i++)
            {
                if (Deltas[i].Delta.OutputScale is not null && (Deltas.Count > 1 || Deltas[i].Weight != 1))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Bytes of memory.</summary>
    public long ByteLength =>
        (Weight?.ByteLength ?? 0) + (Bias?.Length ?? 0) + (Rows?.Values.ByteLength ?? 0) + Deltas.Sum(term => term.Delta.ByteLength);

    public void Dispose()
    {
        Weight?.Dispose();
        Bias?.Dispose();
        Rows?.Values.Dispose();
        foreach (var term in Deltas)
        {
            term.Delta.Dispose();
        }
    }
}

/// <summary>Rows of a weight that are replaced.</summary>
/// <param name="indices">Which rows.</param>
/// <param name="values">What they are, in the same order.</param>
internal sealed class ReplacedRows(IReadOnlyList<int> indices, WeightMatrix values)
{
    private readonly Dictionary<int, int> _places = indices.Select((row, place) => (row, place)).ToDictionary();

    public IReadOnlyList<int> Indices => indices;

    public WeightMatrix Values => values;

    /// <summary>Where the values of a row are, or -1.</summary>
    public int PlaceOf(int row) => _places.GetValueOrDefault(row, -1);
}
