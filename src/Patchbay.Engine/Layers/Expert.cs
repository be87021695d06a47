using Patchbay.Engine.Adapters;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>One expert of a mixture: a gated feed-forward network on some rows of a batch.</summary>
/// <param name="gate">Hidden state to inner values that are activated.</param>
/// <param name="up">Hidden state to inner values that are multiplied with them.</param>
/// <param name="down">Inner values to hidden state.</param>
/// <param name="activation">Joins gate and up.</param>
internal sealed class Expert(Linear gate, Linear up, Linear down, IGatedActivation activation)
{
    private readonly LinearGroup _gateAndUp = new(gate, up);

    /// <param name="batch">The batch that the rows were picked from.</param>
    /// <param name="x">The rows picked, (rows, hidden).</param>
    /// <param name="y">Receives the results, (rows, hidden).</param>
    /// <param name="adapters">Which adapter acts on which of the rows picked.</param>
    public void Forward(ForwardBatch batch, Matrix x, Matrix y, LoraRows adapters)
    {
        var inner = _gateAndUp.Forward(batch, x, adapters);
        activation.ApplyGated(batch, inner[0], inner[1]);
        down.Forward(batch, inner[0], y, adapters);
    }
}
