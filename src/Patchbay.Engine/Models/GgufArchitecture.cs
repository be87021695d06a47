using System.Globalization;
using System.Text.Json.Nodes;

namespace Patchbay.Engine.Models;

/// <summary>How the files of one architecture become a Hugging Face model.</summary>
/// <param name="ModelType">The <c>model_type</c> of the family that builds it.</param>
/// <param name="Names">Module by GGUF name; # is the layer, * the number of an expert.</param>
/// <param name="AddFields">Adds the fields of the configuration that not all architectures share.</param>
internal sealed record GgufArchitecture(
    string ModelType, IReadOnlyDictionary<string, string> Names, Action<GgufMetadata, JsonObject> AddFields)
{
    /// <summary>How the rows of queries and keys lie.</summary>
    public GgufRows Rows { get; init; }

    /// <summary>Whether norms hold their weight where Hugging Face stores its distance from 1.</summary>
    public bool NormsHoldOneMore { get; init; }

    /// <summary>Whether layers that Hugging Face stores with inputs first are stored like all others.</summary>
    public bool StoresOutputsFirst { get; init; }

    /// <summary>The Hugging Face name of a tensor, with * for the number of an expert; null if there is none.</summary>
    /// <param name="name">Its name in the file.</param>
    /// <param name="part">The name without layer and suffix.</param>
    public string? Translate(string name, out string part)
    {
        var dot = name.LastIndexOf('.');
        var (stem, suffix) = (name[..Math.Max(0, dot)], name[(dot + 1)..]);
        var isOfLayer = stem.StartsWith("blk.", StringComparison.Ordinal);
        var parts = stem.Split('.', 3);
        part = isOfLayer && parts.Length == 3 ? parts[2] : stem;
        if (!Names.TryGetValue(part, out var module) || isOfLayer != module.Contains('#', StringComparison.Ordinal))
        {
            return null;
        }

        return !isOfLayer ? $"{module}.{suffix}"
            : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
                ? $"{module.Replace("#", layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)}.{suffix}"
            : null;
    }
}

/// <summary>The order of rows that llama.cpp's converter makes.</summary>
internal enum GgufRows
{
    /// <summary>As Hugging Face stores them.</summary>
    AsTrained,

    /// <summary>Rows of each query and key head as 0, d/2, 1, d/2 + 1, …: values that are turned together lie side by side.</summary>
    NeighbouringPairs,

    /// <summary>All queries, all keys, all values, where Hugging Face has them key head by key head.</summary>
    GroupedHeads,
}
