using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>What joins the two halves of a gated feed-forward network.</summary>
internal interface IGatedActivation
{
    /// <summary>Overwrites gate (rows, inner) with what goes on, made of it and of up (rows, inner).</summary>
    void ApplyGated(ForwardBatch batch, Matrix gate, Matrix up);
}
