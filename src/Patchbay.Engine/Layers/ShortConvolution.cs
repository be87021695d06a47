using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>
/// The gated short convolution of LFM2 (arXiv:2511.23404): of three projections b, c and x, c ⊙ conv(b ⊙ x) is projected back. It
/// keeps the tail of the convolution.
/// </summary>
/// <param name="layer">Which layer of the state store is its own.</param>
/// <param name="input">Hidden state to b, c and x.</param>
/// <param name="convolution">Over b ⊙ x.</param>
/// <param name="output">Back to the hidden state.</param>
internal sealed class ShortConvolution(int layer, Linear input, CausalConvolution convolution, Linear output) : ILayerOperation
{
    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var width = convolution.Channels;
        var projected = input.Forward(batch, x);
        var mixed = projected.SliceColumns(2 * width, width);
        batch.Pool.RunRows(new MultiplyRows(projected.SliceColumns(0, width), mixed), x.Rows, width);
        convolution.Forward(batch, mixed, batch.States.Layer(layer));
        batch.Pool.RunRows(new MultiplyRows(projected.SliceColumns(width, width), mixed), x.Rows, width);
        output.Forward(batch, mixed, y);
    }
}
