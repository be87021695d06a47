using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>RMSNorm with its learned weight, over whole rows or over each head of a projection.</summary>
/// <param name="weight">One value per column, or those of one head for all heads.</param>
/// <param name="width">Values that are normalised together.</param>
/// <param name="epsilon">Added to the mean of the squares.</param>
internal sealed unsafe class RmsNorm(NativeBuffer weight, int width, float epsilon) : INorm
{
    private readonly int _weightCount = (int)(weight.Length / sizeof(float));

    public void Forward(ForwardBatch batch, Matrix x, Matrix y) =>
        batch.Pool.RunRows(new RootMeanSquare(x, y, weight.Floats, _weightCount, width, epsilon), x.Rows, x.Columns);
}
