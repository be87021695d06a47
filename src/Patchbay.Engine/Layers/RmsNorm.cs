using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>RMSNorm with its learned weight, over whole rows or over each head of a projection.</summary>
internal sealed unsafe class RmsNorm(NativeBuffer weight, float epsilon)
{
    private readonly int _width = (int)(weight.Length / sizeof(float));

    /// <summary>y may be x.</summary>
    public void Forward(ForwardBatch batch, Matrix x, Matrix y) =>
        batch.Pool.RunRows(new RootMeanSquare(x, y, weight.Floats, _width, epsilon), x.Rows, x.Columns);
}
