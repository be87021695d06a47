using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>The tensors of an adapter file, taken one by one with their shape and type checked; what nobody took is refused.</summary>
/// <param name="tensors">All tensors of the file.</param>
/// <param name="file">What messages call it.</param>
internal sealed class AdapterTensors(IReadOnlyDictionary<string, TensorView> tensors, string file)
{
    private const string Prefix = "base_model.model.";
    private readonly HashSet<string> _unused = new(tensors.Keys, StringComparer.Ordinal);

    public bool Has(string name) => tensors.ContainsKey(Prefix + name);

    /// <summary>The shape of a tensor, or null if there is none of that name.</summary>
    public long[]? ShapeOf(string name) => tensors.TryGetValue(Prefix + name, out var view) ? view.Shape : null;

    /// <exception cref="AdapterRefusedException">A name has no place in a model.</exception>
    public void RefuseForeignNames()
    {
        if (tensors.Keys.Order(StringComparer.Ordinal).FirstOrDefault(name => !name.StartsWith(Prefix, StringComparison.Ordinal)) is { } foreign)
        {
            throw new AdapterRefusedException($"{file}: tensor {foreign}: expected a name that begins with {Prefix[..^1]}.");
        }
    }

    /// <param name="name">Name of the tensor in the base model, without PEFT's prefix.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <param name="reason">Why it is needed, for the message if the tensor is missing.</param>
    /// <param name="why">Where the shape comes from, for the message if it differs.</param>
    /// <exception cref="AdapterRefusedException">It is missing, or not what is expected.</exception>
    public TensorView Take(string name, long[] shape, string reason, string why)
    {
        if (!tensors.TryGetValue(Prefix + name, out var view))
        {
            throw new AdapterRefusedException($"{file}: tensor {Prefix + name} is missing, though {reason}.");
        }

        _unused.Remove(Prefix + name);
        if (!view.Shape.AsSpan().SequenceEqual(shape))
        {
            throw new AdapterRefusedException(
                $"{file}: tensor {Prefix + name}: expected shape [{string.Join(", ", shape)}] ({why}), found {view.ShapeText}.");
        }

        return view.Type.IsNumeric()
            ? view
            : throw new AdapterRefusedException($"{file}: tensor {Prefix + name}: expected F32, F16, BF16 or F64, found {view.Type}.");
    }

    /// <summary>Says that tensors below a module may be there though nothing computes with them.</summary>
    public void Ignore(string name) =>
        _unused.RemoveWhere(unused => unused == Prefix + name || unused.StartsWith($"{Prefix}{name}.", StringComparison.Ordinal));

    /// <exception cref="AdapterRefusedException">There is a tensor that nobody took.</exception>
    public void RefuseUnused()
    {
        if (_unused.Order(StringComparer.Ordinal).FirstOrDefault() is { } name)
        {
            throw new AdapterRefusedException(
                $"{file}: tensor {name} belongs to nothing that {AdapterFiles.ConfigFile} names{FieldFor(name)}.");
        }
    }

    // The field that would explain a tensor of this name.
    private static string FieldFor(string name)
    {
        var field = name switch
        {
            _ when name.EndsWith(".lora_B.bias", StringComparison.Ordinal) => "lora_bias",
            _ when name.Contains(".lora_magnitude_vector", StringComparison.Ordinal) => "use_dora",
            _ when name.EndsWith(".lora_diag", StringComparison.Ordinal) => "kasa_config",
            _ when name.Contains(".token_adapter.", StringComparison.Ordinal) => "trainable_token_indices",
            _ when name.Contains(".lora_", StringComparison.Ordinal) => "target_modules",
            _ when name.EndsWith(".bias", StringComparison.Ordinal) => "bias",
            _ when name.EndsWith(".weight", StringComparison.Ordinal) => "modules_to_save",
            _ => null,
        };
        return field is null ? "" : $" (field {field})";
    }
}
