using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.Adapters;

/// <summary>A linear layer of the base model that adapters can change.</summary>
/// <param name="Index">Its place in the table.</param>
/// <param name="Path">Its name in the Hugging Face model, for example <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="Weight">Its weight, of shape (out, in).</param>
/// <param name="IsOutputHead">Whether it is the language-model head, which <c>all-linear</c> leaves out.</param>
internal sealed record AdaptableModule(int Index, string Path, WeightMatrix Weight, bool IsOutputHead)
{
    /// <summary>Whether it is a piece of a stacked parameter, which only <c>target_parameters</c> can name.</summary>
    public bool IsPart { get; init; }

    /// <summary>The last part of the name, for example <c>q_proj</c>.</summary>
    public string Leaf => Path[(Path.LastIndexOf('.') + 1)..];
}

/// <summary>All modules of a base model that adapters can change, in the order in which the model has them.</summary>
/// <param name="modelType"><c>model_type</c> of the base model's configuration, which decides PEFT's default targets.</param>
/// <param name="layerCount">Decoder layers.</param>
internal sealed class ModuleTable(string modelType, int layerCount)
{
    private readonly List<AdaptableModule> _modules = [];
    private readonly List<StackedParameter> _parameters = [];
    private readonly Dictionary<string, AdaptableModule> _byPath = new(StringComparer.Ordinal);

    public string ModelType => modelType;

    public int LayerCount => layerCount;

    public IReadOnlyList<AdaptableModule> Modules => _modules;

    /// <summary>Parameters that hold the matrices of all experts of a layer.</summary>
    public IReadOnlyList<StackedParameter> Parameters => _parameters;

    public AdaptableModule Add(string path, WeightMatrix weight, bool isOutputHead = false, bool isPart = false)
    {
        var module = new AdaptableModule(_modules.Count, path, weight, isOutputHead) { IsPart = isPart };
        _modules.Add(module);
        _byPath.Add(path, module);
        return module;
    }

    public void Add(StackedParameter parameter) => _parameters.Add(parameter);

    public AdaptableModule? Find(string path) => _byPath.GetValueOrDefault(path);
}
