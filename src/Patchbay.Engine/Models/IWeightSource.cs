using System.Diagnostics.CodeAnalysis;
using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>The tensors of a checkpoint under their Hugging Face names, whatever its format.</summary>
internal interface IWeightSource : IDisposable
{
    /// <summary>What messages call the checkpoint.</summary>
    string Name { get; }

    IEnumerable<string> Names { get; }

    /// <summary>Whether layers that Hugging Face stores with inputs first are stored (outputs, inputs) here.</summary>
    bool StoresOutputsFirst => false;

    bool TryGet(string name, [NotNullWhen(true)] out TensorView? tensor);
}

/// <summary>A Hugging Face directory.</summary>
internal sealed class SafetensorsWeights(SafetensorsCheckpoint checkpoint) : IWeightSource
{
    public string Name => "The checkpoint";

    public IEnumerable<string> Names => checkpoint.Tensors.Keys;

    public bool TryGet(string name, [NotNullWhen(true)] out TensorView? tensor) => checkpoint.Tensors.TryGetValue(name, out tensor);

    public void Dispose() => checkpoint.Dispose();
}
