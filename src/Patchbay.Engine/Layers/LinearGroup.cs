using System.Runtime.CompilerServices;
using Patchbay.Engine.Adapters;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>
/// Linear layers that read the same input, which is quantised and read once for all of them and for what adapters add to them, in
/// two or three dispatches instead of three for each layer and range of rows.
/// </summary>
internal sealed class LinearGroup(params Linear[] layers)
{
    /// <summary>All rows of the batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="x">(rows, inputs).</param>
    /// <returns>(rows, outputs) of one layer each, in their order.</returns>
    public OutputList Forward(ForwardBatch batch, Matrix x) => Forward(batch, x, batch.Lora);

    /// <summary>Rows that were picked out of the batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="x">The rows.</param>
    /// <param name="adapters">Which adapter acts on which of them.</param>
    public OutputList Forward(ForwardBatch batch, Matrix x, LoraRows adapters)
    {
        var outputs = default(OutputList);
        for (var i = 0; i < layers.Length; i++)
        {
            outputs[i] = batch.Arena.Rent(x.Rows, layers[i].OutputSize);
        }

        var mark = batch.Arena.Save();
        for (var i = 0; i < layers.Length; i++)
        {
            layers[i].Gather(batch, x, outputs[i], adapters);
        }

        batch.Products.Run(batch.Pool);
        for (var i = 0; i < layers.Length; i++)
        {
            layers[i].Replace(batch, x, outputs[i], adapters);
        }

        batch.Changes.Run(batch.Pool);
        batch.Arena.Release(mark);
        return outputs;
    }
}

/// <summary>The outputs of a <see cref="LinearGroup"/>, which has at most four layers.</summary>
[InlineArray(4)]
internal struct OutputList
{
    private Matrix _first;
}
