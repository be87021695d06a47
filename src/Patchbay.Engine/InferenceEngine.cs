using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Layers;
using Patchbay.Engine.Models;
using Patchbay.Engine.Scheduling;
using Patchbay.Engine.Text;

namespace Patchbay.Engine;

/// <summary>
/// Tokens in, tokens out: one base model and the adapter versions loaded onto it, mixed in one batch. Knows nothing of names
/// of adapters, of tenants or of HTTP. All members may be called from any thread.
/// </summary>
/// <remarks>Not called Engine, because its namespace is.</remarks>
public sealed class InferenceEngine : IAsyncDisposable
{
    private readonly LoadedModel _model;
    private readonly AdapterPool _adapters = new();
    private readonly WorkerPool _workers;
    private readonly KvStore _kv;
    private readonly StateStore _states;
    private readonly BlockPool _blocks;
    private readonly ForwardBatch _batch;
    private readonly Scheduler _scheduler;
    private readonly EngineLoop _loop;
    private readonly RequestGate _gate;
    private int _isDisposed;

    private InferenceEngine(LoadedModel model, EngineOptions options)
    {
        _model = model;
        _gate = new RequestGate(options.MaxQueuedRequests, options.MaxQueuedRequestsPerAdapter, TimeProvider.System);
        var config = model.Model.Config;
        var context = Math.Min(options.ContextLength > 0 ? options.ContextLength : config.ContextLength, model.Model.Embedding.PositionLimit);
        var blockCount = KvBudget.Blocks(model.Model.KvShapes, context, options);
        Model = new ModelInfo(
            model.Name,
            config.Architecture,
            Math.Min(context, blockCount * PagedLayer.BlockTokens),
            config.VocabularySize,
            model.EndOfSequence,
            [.. model.Model.Modules.Modules.Where(module => module.IsTarget).Select(module => module.Path)]);

        _workers = new WorkerPool(options.ThreadCount);
        _kv = new KvStore(model.Model.KvShapes, blockCount, options.KvCache);
        _states = new StateStore(model.Model.StateShapes, KvBudget.StateSlots(model.Model.StateShapes, options));
        var modules = model.Model.Modules;
        WeightBytes = modules.Modules.Where(module => !(modules.IsTied && module.IsOutputHead)).Sum(module => module.Weight.ByteLength);
        KvBytes = model.Model.KvShapes.Sum(shape => KvStore.BytesPerBlock(shape, options.KvCache)) * blockCount
            + (StateStore.BytesPerSlot(model.Model.StateShapes) * KvBudget.StateSlots(model.Model.StateShapes, options));
        var index = new PrefixIndex(options.PrefixCache ? blockCount : 0);
        _blocks = new BlockPool(blockCount, index);
        _batch = new ForwardBatch(_workers, _kv, _states);
        var limits = new SchedulerLimits(options.MaxBatchTokens, options.MaxRunningSequences, options.PrefixCache, options.PromptLookup);
        _scheduler = new Scheduler(limits, _blocks, index, _states, model.Model.RotaryLengthFor);
        _loop = new EngineLoop(model.Model, _scheduler, _batch);
        _loop.Start();
    }

    /// <summary>Told of an exception inside a step; the requests of the step have been refused then, and the engine goes on.</summary>
    public event Action<Exception> StepFailed
    {
        add => _loop.StepFailed += value;
        remove => _loop.StepFailed -= value;
    }

    /// <summary>Told, on the thread that ended it, that a version has no lease any more; must return at once.</summary>
    public event Action AdapterLeasesEnded
    {
        add => _adapters.LastLeaseEnded += value;
        remove => _adapters.LastLeaseEnded -= value;
    }

    /// <summary>The base model.</summary>
    public ModelInfo Model { get; }

    /// <summary>Null where the checkpoint has none.</summary>
    public Tokenizer? Tokenizer => _model.Tokenizer;

    /// <summary>Null where the checkpoint has none.</summary>
    public ChatTemplate? ChatTemplate => _model.ChatTemplate;

    /// <summary>Bytes of the base model's weights.</summary>
    public long WeightBytes { get; }

    /// <summary>Bytes for keys, values and states of all sequences and the prefix cache.</summary>
    public long KvBytes { get; }

    /// <summary>The versions that can be leased.</summary>
    public IReadOnlyList<AdapterVersion> Adapters => _adapters.Versions;

    /// <summary>What the engine is doing.</summary>
    public EngineStatistics Statistics => new(
        _scheduler.RunningCount,
        _loop.WaitingCount,
        _blocks.UsedCount,
        _blocks.Count,
        _loop.StepCount,
        _scheduler.PrefixTokensQueried,
        _scheduler.PrefixTokensHit,
        _loop.GeneratedTokenCount,
        _scheduler.PreemptionCount,
        _adapters.LeaseCount,
        _adapters.RetiredCount)
    {
        DraftedTokens = _loop.DraftedTokenCount,
        AcceptedDraftTokens = _loop.AcceptedDraftTokenCount,
    };

    /// <summary>Opens a model and starts the thread that makes tokens.</summary>
    /// <exception cref="InvalidDataException">The model is missing, broken or not known; the message says what and where.</exception>
    public static Task<InferenceEngine> OpenAsync(EngineOptions options, CancellationToken cancellationToken = default) =>
        Task.Run(
            () =>
            {
                var model = LoadedModel.Open(options.ModelPath, new WeightPacking(options.Weights, WeightCacheDirectory(options)));
                try
                {
                    return new InferenceEngine(model, options);
                }
                catch
                {
                    model.Dispose();
                    throw;
                }
            },
            cancellationToken);

    /// <summary>Reads an adapter directory without serving it: what it holds, or why it is refused.</summary>
    /// <exception cref="AdapterRefusedException">It would not be loaded onto this model.</exception>
    /// <exception cref="InvalidDataException">The model cannot be opened.</exception>
    public static AdapterVersion InspectAdapter(string directory, string modelPath)
    {
        using var model = LoadedModel.Open(modelPath);
        using var adapter = LoraAdapterReader.Read(directory, model.Model.Modules);
        return adapter.Version;
    }

    /// <summary>Loads an adapter directory beside the running generations. The same content twice is one version.</summary>
    /// <exception cref="AdapterRefusedException">It is broken, does not fit the model, or is not applied exactly. Nothing has changed.</exception>
    public Task<AdapterVersion> LoadAdapterAsync(string directory, CancellationToken cancellationToken = default) =>
        Task.Run(() => _adapters.Add(LoraAdapterReader.Read(directory, _model.Model.Modules, cancellationToken)), cancellationToken);

    /// <summary>Loads an adapter directory whose content is known; files that are not that content are refused.</summary>
    /// <exception cref="AdapterRefusedException">As above, or the digest over the files is another one. Nothing has changed.</exception>
    public Task<AdapterVersion> LoadAdapterAsync(string directory, AdapterDigest expected, CancellationToken cancellationToken = default) =>
        Task.Run(
            () =>
            {
                var adapter = LoraAdapterReader.Read(directory, _model.Model.Modules, cancellationToken);
                if (adapter.Version.Digest == expected)
                {
                    return _adapters.Add(adapter);
                }

                adapter.Dispose();
                throw new AdapterRefusedException($"The files are not those of {expected}; they were changed or are damaged.");
            },
            cancellationToken);

    /// <summary>Takes a lease on a loaded version; false if it is not loaded or was retired.</summary>
    public bool TryAcquireAdapter(AdapterDigest digest, [NotNullWhen(true)] out AdapterLease? lease) =>
        _adapters.TryAcquire(digest, out lease);

    /// <summary>Gives no new leases of a version; running generations finish on it, then its memory is freed.</summary>
    public bool RetireAdapter(AdapterDigest digest) => _adapters.Retire(digest);

    /// <summary>Frees a version that nobody leases; false, and nothing happens, while somebody does.</summary>
    public bool TryEvictAdapter(AdapterVersion version) => _adapters.TryEvict(version);

    /// <summary>Leases of one version that are held now, even if it was retired.</summary>
    public int CountAdapterLeases(AdapterVersion version) => _adapters.CountLeases(version);

    /// <summary>
    /// Takes places among the requests that wait, all or none, before prompts are made into tokens. Each is given to a request
    /// (<see cref="GenerationRequest.Slot"/>) or disposed by the caller.
    /// </summary>
    /// <param name="count">How many, at least one.</param>
    /// <param name="slots">The places.</param>
    /// <param name="refusal">Why there are none, with an estimate of when there will be.</param>
    public bool TryReserve(int count, [NotNullWhen(true)] out IReadOnlyList<QueueSlot>? slots, [NotNullWhen(false)] out RequestRefusedException? refusal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        slots = _gate.TryEnter(count);
        refusal = slots is null ? QueueFull($"{_gate.WaitingCount} requests wait already; try again later.") : null;
        return slots is not null;
    }

    /// <summary>Starts a generation. Never waits.</summary>
    /// <exception cref="RequestRefusedException">The request is not taken; its leases have been released.</exception>
    public Generation Generate(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        LoraAdapter? adapter;
        ModelInfo model;
        try
        {
            adapter = Compose(request);
            model = AdaptedModel(adapter);
            RequestValidation.Check(request, model);
            ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
            request = Queue(request, adapter);
        }
        catch
        {
            request.Release();
            throw;
        }

        var seed = request.Sampling.Seed ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
        var sequence = new Sequence(request, adapter, seed, model.EndOfSequenceTokens, model.ContextLength);
        _loop.Submit(sequence);
        return new Generation(sequence, cancellationToken);
    }

    /// <summary>Starts a generation whose tokens are read as text.</summary>
    /// <exception cref="RequestRefusedException">The request is not taken; its leases have been released.</exception>
    /// <exception cref="InvalidOperationException">The checkpoint has no tokenizer.</exception>
    public TextGeneration GenerateText(
        GenerationRequest request, IReadOnlyList<string> stopStrings, CancellationToken cancellationToken = default)
    {
        var tokenizer = Tokenizer ?? throw new InvalidOperationException("The checkpoint has no tokenizer.");
        return new TextGeneration(Generate(request, cancellationToken), tokenizer, stopStrings);
    }

    /// <summary>Ends all generations and frees the model.</summary>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _loop.Dispose();
            _batch.Dispose();
            _kv.Dispose();
            _states.Dispose();
            _workers.Dispose();
            _adapters.Dispose();
            _model.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Throws if the memory of keys and values is not accounted for; only while nothing runs.</summary>
    internal void CheckIntegrity()
    {
        _blocks.CheckIntegrity();
        _states.CheckIntegrity();
    }

    private static string? WeightCacheDirectory(EngineOptions options)
    {
        if (!options.WeightCache || Environment.GetEnvironmentVariable("PATCHBAY_NO_CACHE") == "1")
        {
            return null;
        }

        if (options.WeightCacheDirectory is { } chosen)
        {
            return chosen;
        }

        // The XDG base directory rules: a relative path counts as none.
        var root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (!Path.IsPathFullyQualified(root ?? ""))
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            root = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : home.Length > 0 ? Path.Combine(home, ".cache")
                : null;
        }

        return string.IsNullOrEmpty(root) ? null : Path.Combine(root, "patchbay");
    }

    private static LoraAdapter? Compose(GenerationRequest request)
    {
        try
        {
            return request.Compose();
        }
        catch (AdapterRefusedException exception)
        {
            throw new RequestRefusedException(RequestRefusal.AdaptersCannotBeComposed, exception.Message);
        }
    }

    private GenerationRequest Queue(GenerationRequest request, LoraAdapter? adapter)
    {
        var slot = request.Slot is { HasEnded: false } given ? given
            : TryReserve(1, out var reserved, out var refusal) ? reserved[0]
            : throw refusal;
        if (!_gate.TryAssign(slot, adapter?.Version.Digest.Hex ?? string.Empty))
        {
            slot.Dispose();
            throw QueueFull("Too many requests wait for this model already; try again later.");
        }

        return request with { Slot = slot };
    }

    private RequestRefusedException QueueFull(string message) =>
        new(RequestRefusal.QueueFull, message) { RetryAfter = _gate.RetryAfter() };

    // Layers that are passed several times need several times the memory.
    private ModelInfo AdaptedModel(LoraAdapter? adapter) => Model with
    {
        VocabularySize = adapter?.VocabularySize ?? Model.VocabularySize,
        ContextLength = Math.Min(Model.ContextLength, _kv.BlockCount / (adapter?.Stack?.CopyCount ?? 1) * PagedLayer.BlockTokens),
    };
}
