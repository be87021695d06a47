using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>The changes of all modules while they are made, by index of the module.</summary>
internal sealed class ChangeSet(int moduleCount)
{
    public WeightMatrix?[] Weights { get; } = new WeightMatrix?[moduleCount];

    public NativeBuffer?[] Biases { get; } = new NativeBuffer?[moduleCount];

    public ReplacedRows?[] Rows { get; } = new ReplacedRows?[moduleCount];

    public LoraDelta?[] Deltas { get; } = new LoraDelta?[moduleCount];

    public ModuleChange?[] Build() => [.. Enumerable.Range(0, moduleCount).Select(Build)];

    /// <summary>Frees what was made, because it will not become an adapter.</summary>
    public void Discard()
    {
        for (var i = 0; i < moduleCount; i++)
        {
            Build(i)?.Dispose();
        }
    }

    private ModuleChange? Build(int module) =>
        Weights[module] is null && Biases[module] is null && Rows[module] is null && Deltas[module] is null
            ? null
            : new ModuleChange
            {
                Weight = Weights[module],
                Bias = Biases[module],
                Rows = Rows[module],
                Deltas = Deltas[module] is { } delta ? [new WeightedDelta(delta, 1)] : [],
            };
}
