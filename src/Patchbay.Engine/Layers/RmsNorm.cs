using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>RMSNorm with its learned weight, over whole rows or over each head of a projection.</summary>
/// <param name="weight">One value per column, or those of one head for all heads.</param>
/// <param name="width">Values that are normalised together.</param>
/// <param name="epsilon">Added to the mean of the squares.</param>
/// <param name="module">What adapters know it as; null if they cannot change it.</param>
internal sealed unsafe class RmsNorm(NativeBuffer weight, int width, float epsilon, AdaptableModule? module = null)
    : AdaptableNorm(module)
{
    private readonly int _weightCount = (int)(weight.Length / sizeof(float));

    protected override void Run(ForwardBatch batch, ModuleChange? change, Matrix x, Matrix y)
    {
        var values = change?.Weight is { } replaced ? (float*)replaced.Data : weight.Floats;
        batch.Pool.RunRows(new RootMeanSquare(x, y, values, _weightCount, width, epsilon), x.Rows, x.Columns);
    }
}
