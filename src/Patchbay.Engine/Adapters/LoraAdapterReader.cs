using System.Globalization;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// Reads a PEFT adapter directory onto a base model:
/// <code>
/// 1. files     read and hashed once                              AdapterFiles
/// 2. config    every field known, or refused                     PeftConfig
/// 3. targets   which modules of this base model                  PeftPatterns, PeftParameters
/// 4. tensors   what every target needs, and nothing else         SavedValues, LoraTensors, TrainableTokens
/// 5. changes   copied into kernel layout, DoRA's and KaSA's work LoraDeltaFactory, KasaWeight
/// </code>
/// Runs on any thread but the engine loop's. Nothing of the adapter is visible before the last step is done.
/// </summary>
internal sealed class LoraAdapterReader
{
    private readonly PeftConfig _config;
    private readonly ModuleTable _modules;
    private readonly AdapterTensors _tensors;
    private readonly SavedValues _saved;
    private readonly List<LoraTensors> _parts = [];
    private readonly List<StackedTensors> _stacked;
    private readonly List<TrainableTokens> _tokens;

    // Steps 3 and 4.
    private LoraAdapterReader(PeftConfig config, ModuleTable modules, AdapterTensors tensors)
    {
        (_config, _modules, _tensors) = (config, modules, tensors);
        tensors.RefuseForeignNames();
        var targets = Targets();
        _saved = SavedValues.Take(config, modules, tensors, targets);
        _parts.AddRange(targets.Select(module => Take(module, module.Path)));
        _parts.AddRange(PeftParameters.Modules(config, modules).Select(module => Take(module, PeftParameters.WeightPath(module))));
        _stacked = PeftParameters.Take(config, modules, tensors);
        _tokens = TrainableTokens.Take(config, modules, tensors, _saved);
        foreach (var (part, idle) in _parts.SelectMany(_ => config.IdleTensors, (part, idle) => (part, idle)))
        {
            tensors.Ignore($"{part.Module.Path}.{idle}");
        }

        tensors.RefuseUnused();
        RefuseUntied();
    }

    /// <exception cref="AdapterRefusedException">Something in it is broken, does not fit the base model, or is not applied exactly.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled while its files were read.</exception>
    public static LoraAdapter Read(string directory, ModuleTable modules, CancellationToken cancellation = default) =>
        Read(directory, modules, static file => file.OpenRead(), cancellation);

    /// <inheritdoc cref="Read(string, ModuleTable, CancellationToken)"/>
    internal static LoraAdapter Read(string directory, ModuleTable modules, Func<FileInfo, Stream> open, CancellationToken cancellation)
    {
        using var files = AdapterFiles.Read(directory, open, cancellation);
        var (config, stored) = files.IsGguf ? GgufAdapter.Read(files, modules) : (PeftConfig.Parse(files.Config), files.ReadTensors());
        var tensors = new AdapterTensors(stored, files.WeightsName);
        var layers = ReplicatedLayers(config, modules);
        var reader = new LoraAdapterReader(config, layers is null ? modules : modules.Stack(layers), tensors);
        var changes = new ChangeSet(reader._modules.Modules.Count);
        try
        {
            reader.Create(changes);
        }
        catch
        {
            changes.Discard();
            throw;
        }

        return reader.Build(files, changes.Build(), layers, modules);
    }

    private static List<int>? ReplicatedLayers(PeftConfig config, ModuleTable modules)
    {
        if (config.Replication is not { } ranges)
        {
            return null;
        }

        if (modules.IsRecurrent)
        {
            throw new AdapterRefusedException($"{AdapterFiles.ConfigFile}: layer_replication: not supported on models with recurrent layers.");
        }

        if (ranges.FirstOrDefault(range => range.First >= range.End || range.End > modules.LayerCount) is var wrong && wrong != default)
        {
            throw new AdapterRefusedException(string.Create(
                CultureInfo.InvariantCulture,
                $"{AdapterFiles.ConfigFile}: layer_replication: expected ranges within the base model's {modules.LayerCount} layers, found [{wrong.First}, {wrong.End}]."));
        }

        const int MostLayers = 1024;
        return ranges.Sum(range => (long)range.End - range.First) <= MostLayers
            ? [.. ranges.SelectMany(range => Enumerable.Range(range.First, range.End - range.First))]
            : throw new AdapterRefusedException($"{AdapterFiles.ConfigFile}: layer_replication: expected at most {MostLayers} layers.");
    }

    private List<AdaptableModule> Targets()
    {
        var targets = PeftPatterns.Targets(_config, _modules);
        if (_config.EnsuresTying && _modules is { IsTied: true, TokenEmbedding: { } embedding, OutputHead: { } head }
            && (targets.Contains(embedding) || targets.Contains(head)))
        {
            targets.AddRange(new[] { embedding, head }.Except(targets).ToList());
        }

        return targets;
    }

    private LoraTensors Take(AdaptableModule module, string path) =>
        LoraTensors.Take(module, path, _saved.RowsOf(module), _config, _tensors);

    private void RefuseUntied()
    {
        if (_config.EnsuresTying && _modules.IsTied
            && _parts.Find(part => part.Module.IsTokenEmbedding) is { } embedding && _parts.Find(part => part.Module.IsOutputHead) is { } head)
        {
            TiedTensors.RefuseUnequalTransposed(head.A, embedding.B);
            TiedTensors.RefuseUnequalTransposed(head.B, embedding.A);
        }
    }

    // Step 5: replaced values first, because the norms of DoRA are theirs.
    private void Create(ChangeSet changes)
    {
        foreach (var (module, weight) in _saved.Weights)
        {
            changes.Weights[module.Index] = LoraDeltaFactory.Replacement(module, weight);
        }

        foreach (var (module, bias) in _saved.Biases)
        {
            changes.Biases[module.Index] = LoraDeltaFactory.Vector(bias, 1, 0);
        }

        foreach (var part in _parts)
        {
            Create(part, changes);
        }

        _stacked.ForEach(part => StackedDeltaFactory.Create(part, changes.Deltas));
        foreach (var item in _tokens)
        {
            if (changes.Deltas[item.Module.Index] is not null)
            {
                throw new AdapterRefusedException(
                    $"{AdapterFiles.ConfigFile}: {item.Module.Path} is changed by trainable_token_indices and by the targets; expected one of them.");
            }

            var values = LoraDeltaFactory.Copy(item.Values, 0, item.Tokens.Count);
            changes.Rows[item.Module.Index] = new ReplacedRows(item.Tokens, values);
            LoraDeltaFactory.RefuseNonFinite(values, item.Values.Name);
        }
    }

    private void Create(LoraTensors part, ChangeSet changes)
    {
        var index = part.Module.Index;
        if (changes.Deltas[index] is not null)
        {
            throw new AdapterRefusedException(
                $"{AdapterFiles.ConfigFile}: {part.Module.Path} is named by target_modules and by target_parameters; expected one of them.");
        }

        var weight = changes.Weights[index] ?? part.Module.Weight;
        changes.Deltas[index] = LoraDeltaFactory.Create(part, weight);
        if (_config.UseKasa)
        {
            var whole = changes.Weights[index];
            changes.Weights[index] = KasaWeight.Create(weight, part.Rank);
            whole?.Dispose();
        }
    }

    private LoraAdapter Build(AdapterFiles files, ModuleChange?[] changes, List<int>? layers, ModuleTable modules)
    {
        var version = Describe(files, changes);
        var vocabulary = _modules.OutputHead is { } head ? _saved.RowsOf(head) : 0;
        return new LoraAdapter(version, layers is null ? changes : ChangesOf(null))
        {
            VocabularySize = _modules.OutputHead is { } own && vocabulary != own.Weight.Rows ? vocabulary : null,
            InvocationTokens = _config.InvocationTokens,
            Stack = layers is null ? null : new LayerStack([.. layers.Select((layer, place) =>
                new StackedLayer(layer, layers.Take(place).Count(before => before == layer), new LoraAdapter(version, ChangesOf(place))))]),
        };

        // The changes of one repeated layer, or of what is in no layer, by the model's own modules.
        ModuleChange?[] ChangesOf(int? layer)
        {
            var own = new ModuleChange?[modules.Modules.Count];
            foreach (var module in _modules.Modules.Where(module => module.Layer == layer))
            {
                own[module.BaseIndex] = changes[module.Index];
            }

            return own;
        }
    }

    private AdapterVersion Describe(AdapterFiles files, ModuleChange?[] changes) => new(
        files.Digest,
        Kind(),
        changes.Max(change => change?.Deltas.Max(term => (int?)term.Delta.Rank) ?? 0),
        _config.Alpha,
        [.. _parts.Select(part => part.Module.Leaf).Concat(_stacked.Select(part => part.Parameter.Name)).Distinct().Order(StringComparer.Ordinal)],
        _parts.Count + _stacked.Count,
        string.Join(", ", _parts.Select(part => part.A).Concat(_stacked.Select(part => part.A)).Select(a => a.Type.ToString()).Distinct()),
        files.TotalBytes,
        changes.Sum(change => change?.ByteLength ?? 0),
        _config.BaseModel)
    {
        BaseRevision = _config.BaseRevision,
    };

    private string Kind() => this switch
    {
        { _config.UseDora: true } => "DoRA",
        { _config.UseKasa: true } => "KaSA",
        { _config.Blocks: not null } => "BD-LoRA",
        { _config.InvocationTokens: not null } => "aLoRA",
        { _config.UseRsLora: true } => "rsLoRA",
        _ => "LoRA",
    };
}
