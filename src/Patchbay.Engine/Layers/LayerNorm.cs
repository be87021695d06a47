using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>LayerNorm with its learned weight and, where the family has one, bias; over whole rows or over each head of a projection.</summary>
/// <param name="weight">One value per column, or those of one head for all heads.</param>
/// <param name="bias">As many values as <paramref name="weight"/>, or null.</param>
/// <param name="width">Values that are normalised together.</param>
/// <param name="epsilon">Added to the variance.</param>
internal sealed unsafe class LayerNorm(NativeBuffer weight, NativeBuffer? bias, int width, float epsilon) : INorm
{
    private readonly int _weightCount = (int)(weight.Length / sizeof(float));

    public void Forward(ForwardBatch batch, Matrix x, Matrix y) => batch.Pool.RunRows(
        new LayerNormalise(x, y, weight.Floats, bias is null ? null : bias.Floats, _weightCount, width, epsilon), x.Rows, x.Columns);
}
