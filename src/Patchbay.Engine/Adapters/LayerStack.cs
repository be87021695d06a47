namespace Patchbay.Engine.Adapters;

/// <summary>The layers of a model in another order, some of them several times (<c>layer_replication</c>).</summary>
/// <param name="layers">From first to last.</param>
internal sealed class LayerStack(IReadOnlyList<StackedLayer> layers) : IDisposable
{
    public IReadOnlyList<StackedLayer> Layers => layers;

    /// <summary>How often the layer appears that appears most often; each time it keeps keys and values of its own.</summary>
    public int CopyCount { get; } = layers.Max(layer => layer.Copy) + 1;

    public void Dispose()
    {
        foreach (var layer in layers)
        {
            layer.Adapter.Dispose();
        }
    }
}

/// <summary>One layer of a stack.</summary>
/// <param name="Index">Which layer of the model.</param>
/// <param name="Copy">How often the layer has appeared before.</param>
/// <param name="Adapter">What is changed in it.</param>
internal sealed record StackedLayer(int Index, int Copy, LoraAdapter Adapter);
