using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>The tensors of an adapter file, taken one by one with their shape and type checked; what nobody took is refused.</summary>
internal sealed class AdapterTensors(SafetensorsFile file)
{
    private const string Prefix = "base_model.model.";
    private const string File = AdapterFiles.WeightsFile;
    private readonly HashSet<string> _unused = new(file.Tensors.Keys, StringComparer.Ordinal);

    public bool Has(string name) => file.Tensors.ContainsKey(Prefix + name);

    /// <param name="name">Name of the tensor in the base model, without PEFT's prefix.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <param name="target">What the configuration names, for the message if the tensor is missing.</param>
    /// <param name="why">Where the shape comes from, for the message if it differs.</param>
    /// <exception cref="AdapterRefusedException">It is missing, or not what is expected.</exception>
    public TensorView Take(string name, long[] shape, string target, string why)
    {
        if (!file.Tensors.TryGetValue(Prefix + name, out var view))
        {
            throw new AdapterRefusedException($"{File}: tensor {Prefix + name} is missing, though {Reason(name, target)}.");
        }

        _unused.Remove(Prefix + name);
        if (!view.Shape.AsSpan().SequenceEqual(shape))
        {
            throw new AdapterRefusedException(
                $"{File}: tensor {Prefix + name}: expected shape [{string.Join(", ", shape)}] ({why}), found {view.ShapeText}.");
        }

        return view.Type.IsNumeric()
            ? view
            : throw new AdapterRefusedException($"{File}: tensor {Prefix + name}: expected F32, F16, BF16 or F64, found {view.Type}.");
    }

    /// <exception cref="AdapterRefusedException">There is a tensor that nobody took.</exception>
    public void RefuseUnused()
    {
        if (_unused.Count > 0)
        {
            throw new AdapterRefusedException(
                $"{File}: tensor {_unused.Order(StringComparer.Ordinal).First()} belongs to nothing that {AdapterFiles.ConfigFile} names.");
        }
    }

    private static string Reason(string name, string target) => name.Contains("magnitude", StringComparison.Ordinal)
        ? "use_dora needs a lora_magnitude_vector for every target"
        : $"{AdapterFiles.ConfigFile} targets {target}";
}
