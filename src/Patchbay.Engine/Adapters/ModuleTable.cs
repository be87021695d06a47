using System.Globalization;
using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.Adapters;

/// <summary>All modules of a base model that adapters can change, in the order in which the model has them.</summary>
/// <param name="modelType"><c>model_type</c> of the base model's configuration, which decides PEFT's default targets.</param>
/// <param name="layerCount">Decoder layers.</param>
internal sealed class ModuleTable(string modelType, int layerCount)
{
    private readonly List<AdaptableModule> _modules = [];
    private readonly List<StackedParameter> _parameters = [];
    private readonly Dictionary<string, AdaptableModule> _byPath = new(StringComparer.Ordinal);

    public string ModelType => modelType;

    /// <summary>What tensors of GGUF adapters are called here.</summary>
    public GgufLookup Gguf { get; init; } = (_, _) => null;

    public int LayerCount => layerCount;

    /// <summary>Whether the head computes with the embedding of tokens.</summary>
    public bool IsTied { get; set; }

    /// <summary>Whether layers keep a state of their own, so that a layer cannot appear twice in a stack.</summary>
    public bool IsRecurrent { get; set; }

    public IReadOnlyList<AdaptableModule> Modules => _modules;

    /// <summary>Parameters that hold the matrices of all experts of a layer.</summary>
    public IReadOnlyList<StackedParameter> Parameters => _parameters;

    /// <summary>The embedding of tokens.</summary>
    public AdaptableModule? TokenEmbedding => _modules.Find(module => module.IsTokenEmbedding);

    /// <summary>The language-model head.</summary>
    public AdaptableModule? OutputHead => _modules.Find(module => module.IsOutputHead);

    /// <summary>Appends a module; its index is its place.</summary>
    public AdaptableModule Add(AdaptableModule module)
    {
        module = module with { Index = _modules.Count };
        _modules.Add(module);
        _byPath.Add(module.Path, module);
        return module;
    }

    /// <summary>Appends a linear layer.</summary>
    public AdaptableModule Add(string path, WeightMatrix weight, bool isPart = false) =>
        Add(new AdaptableModule(path, weight) { IsPart = isPart });

    public void Add(StackedParameter parameter) => _parameters.Add(parameter);

    public AdaptableModule? Find(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>
    /// The modules of a model whose layers are these layers of this one, in order: those of layers carry the number of the new
    /// layer, and the index of the module that they repeat.
    /// </summary>
    public ModuleTable Stack(IReadOnlyList<int> layers)
    {
        var stacked = new ModuleTable(modelType, layers.Count) { IsTied = IsTied };
        foreach (var module in _modules.Where(module => module.Layer is null))
        {
            stacked.Add(module with { BaseIndex = module.Index });
        }

        for (var layer = 0; layer < layers.Count; layer++)
        {
            var copies = new Dictionary<AdaptableModule, AdaptableModule>();
            foreach (var module in _modules.Where(module => module.Layer == layers[layer]))
            {
                copies.Add(module, stacked.Add(module with { Path = Renumber(module.Path, layer), BaseIndex = module.Index }));
            }

            foreach (var parameter in _parameters.Where(parameter => AdaptableModule.LayerOf(parameter.ModulePath) == layers[layer]))
            {
                stacked.Add(parameter with
                {
                    ModulePath = Renumber(parameter.ModulePath, layer),
                    Experts = [.. parameter.Experts.Select(parts => parts.Select(part => part with { Module = copies[part.Module] }).ToList())],
                });
            }
        }

        return stacked;
    }

    private static string Renumber(string path, int layer)
    {
        var parts = path.Split('.');
        parts[Array.FindIndex(parts, AdaptableModule.IsNumber)] = layer.ToString(CultureInfo.InvariantCulture);
        return string.Join('.', parts);
    }
}
