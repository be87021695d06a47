using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>LayerNorm with its learned weight and, where the family has one, bias; over whole rows or over each head of a projection.</summary>
/// <param name="weight">One value per column, or those of one head for all heads.</param>
/// <param name="bias">As many values as <paramref name="weight"/>, or null.</param>
/// <param name="width">Values that are normalised together.</param>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="module">What adapters know it as; null if they cannot change it.</param>
internal sealed unsafe class LayerNorm(NativeBuffer weight, NativeBuffer? bias, int width, float epsilon, AdaptableModule? module = null)
    : AdaptableNorm(module)
{
    private readonly int _weightCount = (int)(weight.Length / sizeof(float));

    protected override void Run(ForwardBatch batch, ModuleChange? change, Matrix x, Matrix y)
    {
        var factors = change?.Weight is { } replaced ? (float*)replaced.Data : weight.Floats;
        var shifts = (change?.Bias ?? bias) is { } added ? added.Floats : null;
        batch.Pool.RunRows(new LayerNormalise(x, y, factors, shifts, _weightCount, width, epsilon), x.Rows, x.Columns);
    }
}
