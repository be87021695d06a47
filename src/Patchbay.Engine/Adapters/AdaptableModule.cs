using System.Globalization;
using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.Adapters;

/// <summary>What a module computes, which decides what adapters can do to it.</summary>
internal enum ModuleKind
{
    /// <summary>W·x + b.</summary>
    Linear,

    /// <summary>A row of W for each index.</summary>
    Embedding,

    /// <summary>A norm: its values can be replaced, and nothing can be added to it.</summary>
    Norm,
}

/// <summary>A module of the base model that adapters can change.</summary>
/// <param name="Path">Its name in the Hugging Face model, for example <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="Weight">Its weight: (out, in) of a linear layer, (count, width) of an embedding, (1, width) of a norm.</param>
internal sealed record AdaptableModule(string Path, WeightMatrix Weight)
{
    /// <summary>Its place in the table.</summary>
    public int Index { get; init; }

    /// <summary>In a table of repeated layers: the place of the repeated module in the table of the model.</summary>
    public int BaseIndex { get; init; }

    public ModuleKind Kind { get; init; }

    /// <summary>Whether it is the language-model head, which <c>all-linear</c> leaves out.</summary>
    public bool IsOutputHead { get; init; }

    public bool IsTokenEmbedding { get; init; }

    /// <summary>Whether it is a piece of a stacked parameter, which only <c>target_parameters</c> can name.</summary>
    public bool IsPart { get; init; }

    /// <summary>Whether files store its weight as (in, out).</summary>
    public bool IsTransposed { get; init; }

    public bool HasBias { get; init; }

    /// <summary>Added to a norm's stored weight when it is loaded: 1 in families that store its distance from 1.</summary>
    public float WeightOffset { get; init; }

    /// <summary>Whether low-rank changes can be made to it.</summary>
    public bool IsTarget => Kind != ModuleKind.Norm && !IsPart;

    /// <summary>The last part of the name, for example <c>q_proj</c>.</summary>
    public string Leaf => Path[(Path.LastIndexOf('.') + 1)..];

    /// <summary>The layer that it belongs to, or null.</summary>
    public int? Layer => LayerOf(Path);

    /// <summary>The first number in a path, or null.</summary>
    public static int? LayerOf(string path) =>
        path.Split('.').FirstOrDefault(IsNumber) is { } number ? int.Parse(number, CultureInfo.InvariantCulture) : null;

    public static bool IsNumber(string part) => part.Length is > 0 and < 9 && part.All(char.IsAsciiDigit);
}
