using Patchbay.Engine.Adapters;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Layers;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>
/// A decoder-only language model: embedding, layers, head. The only forward pass; families differ in what they put into it.
/// Knows no sequences, no sampling and no adapters by name.
/// </summary>
internal sealed class DecoderModel
{
    public required ModelConfig Config { get; init; }

    public required TokenEmbedding Embedding { get; init; }

    public required IReadOnlyList<DecoderLayer> Layers { get; init; }

    public required LmHead Head { get; init; }

    /// <summary>What adapters can change.</summary>
    public required ModuleTable Modules { get; init; }

    /// <summary>What the attention layers keep per token, in order.</summary>
    public required IReadOnlyList<KvShape> KvShapes { get; init; }

    /// <summary>Values that the recurrent layers keep per sequence, in order; empty for most families.</summary>
    public IReadOnlyList<int> StateShapes { get; init; } = [];

    /// <summary>The rotary frequencies of the model: several where kinds of layers differ, none where it knows positions otherwise.</summary>
    public required IReadOnlyList<RotaryFrequencies> Rotary { get; init; }

    /// <summary>The length that a sequence's angles are made for, see <see cref="RotaryFrequencies.LengthFor"/>.</summary>
    public int RotaryLengthFor(int sequenceLength)
    {
        var length = 0;
        for (var i = 0; i < Rotary.Count; i++)
        {
            length = Math.Max(length, Rotary[i].LengthFor(sequenceLength));
        }

        return length;
    }

    /// <summary>Runs the rows of the batch through all layers; keys and values go to the batch's store.</summary>
    /// <returns>The hidden state (rows, hidden) after the last layer.</returns>
    public Matrix Forward(ForwardBatch batch)
    {
        var hidden = Embedding.Forward(batch);
        if (batch.Stack is { } stack)
        {
            foreach (var layer in stack.Layers)
            {
                batch.Enter(layer);
                Layers[layer.Index].Forward(batch, hidden);
            }

            batch.Leave();
            return hidden;
        }

        for (var i = 0; i < Layers.Count; i++)
        {
            Layers[i].Forward(batch, hidden);
        }

        return hidden;
    }
}
