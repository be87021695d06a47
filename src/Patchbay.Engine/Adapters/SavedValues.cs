using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// The values of a file that take the place of the base model's: modules of <c>modules_to_save</c>, biases, the base's own
/// weights of targeted modules, and the embedding and head that PEFT stores with them or after the vocabulary was resized.
/// </summary>
internal sealed class SavedValues
{
    private const string ConfigFile = AdapterFiles.ConfigFile;
    private readonly PeftConfig _config;
    private readonly ModuleTable _modules;
    private readonly AdapterTensors _tensors;
    private readonly HashSet<AdaptableModule> _targets;
    private readonly HashSet<AdaptableModule> _saved = [];

    private SavedValues(PeftConfig config, ModuleTable modules, AdapterTensors tensors, IEnumerable<AdaptableModule> targets)
    {
        _config = config;
        _modules = modules;
        _tensors = tensors;
        _targets = [.. targets];
    }

    public Dictionary<AdaptableModule, TensorView> Weights { get; } = [];

    public Dictionary<AdaptableModule, TensorView> Biases { get; } = [];

    /// <exception cref="AdapterRefusedException">A value is missing, has another shape, or belongs to no module.</exception>
    public static SavedValues Take(
        PeftConfig config, ModuleTable modules, AdapterTensors tensors, IEnumerable<AdaptableModule> targets)
    {
        var values = new SavedValues(config, modules, tensors, targets);
        values.FindSaved();
        values.TakeVocabulary();
        foreach (var module in modules.Modules.Where(module => !module.IsPart))
        {
            values.TakeOther(module);
        }

        return values;
    }

    /// <summary>Rows of a module's weight as the adapter has it.</summary>
    public int RowsOf(AdaptableModule module) => Weights.TryGetValue(module, out var weight) && module.Kind != ModuleKind.Norm && !module.IsTransposed
        ? (int)weight.Shape[0]
        : module.Weight.Rows;

    public bool IsSaved(AdaptableModule module) => _saved.Contains(module);

    // PEFT compares the ends of names, not whole parts: "norm" is also "input_layernorm". A name may be that of a module around others.
    private void FindSaved()
    {
        foreach (var name in _config.Saved)
        {
            var found = _modules.Modules.Where(module => !module.IsPart && IsNamed(module.Path, name)).ToList();
            if (found.Count == 0)
            {
                throw new AdapterRefusedException($"{ConfigFile}: modules_to_save: the base model has no module whose name ends with {name}.");
            }

            _saved.UnionWith(found);
        }

        if (_saved.FirstOrDefault(_targets.Contains) is { } both)
        {
            throw new AdapterRefusedException($"{ConfigFile}: {both.Path} is named by modules_to_save and by the targets; expected one of them.");
        }

        if (_modules is { IsTied: true, TokenEmbedding: { } embedding, OutputHead: { } head } && _config.EnsuresTying && (_saved.Contains(embedding) || _saved.Contains(head)))
        {
            _saved.Add(embedding);
            _saved.Add(head);
        }
    }

    private static bool IsNamed(string path, string name)
    {
        for (var end = path.Length; end > 0; end = path.LastIndexOf('.', end - 1))
        {
            if (path.AsSpan(0, end).EndsWith(name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private void TakeVocabulary()
    {
        if (_modules.TokenEmbedding is not { } embedding || _modules.OutputHead is not { } head)
        {
            return;
        }

        var stored = new[] { embedding, head }.Select(module => (Module: module, Name: StoredName(module))).ToList();
        var hasBoth = stored.All(item => item.Name is not null);
        foreach (var (module, name) in stored)
        {
            // Without modules_to_save, PEFT stores the plain weights of both or of none.
            if (name is not null && (hasBoth || _saved.Contains(module) || name != $"{module.Path}.weight"))
            {
                var rows = hasBoth && _tensors.ShapeOf(name) is [var count and > 0 and < int.MaxValue, _] ? count : module.Weight.Rows;
                Weights[module] = _tensors.Take(name, [rows, module.Weight.Columns], "", $"{rows} tokens, {module.Weight.Columns} values each");
            }
            else if (_saved.Contains(module))
            {
                throw new AdapterRefusedException($"{AdapterFiles.WeightsFile}: tensor base_model.model.{module.Path}.weight is missing, though modules_to_save names {module.Leaf}.");
            }
        }

        if (hasBoth && RowsOf(embedding) != RowsOf(head))
        {
            throw new AdapterRefusedException(
                $"{AdapterFiles.WeightsFile}: shape: expected as many rows of {embedding.Path} as of {head.Path}, found {RowsOf(embedding)} and {RowsOf(head)}.");
        }

        ShareTied(embedding, head);
    }

    // On a tied base the two are one parameter, unless modules_to_save unties them.
    private void ShareTied(AdaptableModule embedding, AdaptableModule head)
    {
        if (!_modules.IsTied)
        {
            return;
        }

        foreach (var (one, other) in new[] { (embedding, head), (head, embedding) })
        {
            if (Weights.TryGetValue(one, out var weight) && !_saved.Contains(one) && !Weights.ContainsKey(other))
            {
                Weights[other] = weight;
            }
        }

        if (_config.EnsuresTying && _saved.Contains(head))
        {
            TiedTensors.RefuseUnequal(Weights[embedding], Weights[head]);
        }
    }

    private string? StoredName(AdaptableModule module) =>
        new[] { $"{module.Path}.base_layer.weight", $"{module.Path}.token_adapter.base_layer.weight", $"{module.Path}.weight" }.FirstOrDefault(_tensors.Has);

    private void TakeOther(AdaptableModule module)
    {
        var isTarget = _targets.Contains(module);
        var isSaved = _saved.Contains(module);
        var name = isTarget ? $"{module.Path}.base_layer" : module.Path;
        if (!Weights.ContainsKey(module) && (isSaved || (isTarget && _tensors.Has($"{name}.weight"))))
        {
            Weights[module] = _tensors.Take($"{name}.weight", StoredShape(module), $"modules_to_save names {module.Leaf}", "the base model's");
        }

        var isWanted = isSaved || _config.Bias == BiasKind.All || (_config.Bias == BiasKind.LoraOnly && isTarget);
        if (module.HasBias && (isWanted || (isTarget && _tensors.Has($"{name}.bias"))))
        {
            var why = isSaved ? $"modules_to_save names {module.Leaf}" : $"bias is {(_config.Bias == BiasKind.All ? "all" : "lora_only")} and the base model has {module.Path}.bias";
            Biases[module] = _tensors.Take($"{name}.bias", [BiasLength(module)], why, "the base model's");
        }
    }

    private static long BiasLength(AdaptableModule module) => module.Kind == ModuleKind.Norm ? module.Weight.Columns : module.Weight.Rows;

    private static long[] StoredShape(AdaptableModule module) => module.Kind == ModuleKind.Norm ? [module.Weight.Columns]
        : module.IsTransposed ? [module.Weight.Columns, module.Weight.Rows]
        : [module.Weight.Rows, module.Weight.Columns];
}
