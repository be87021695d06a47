using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The plain feed-forward network: down(f(up·x)).</summary>
internal sealed class Mlp(Linear up, Linear down, Activation activation) : ILayerOperation
{
    public void Forward(ForwardBatch batch, Matrix x, Matrix y)
    {
        var hidden = up.Forward(batch, x);
        activation.Apply(batch, hidden);
        down.Forward(batch, hidden, y);
    }
}
