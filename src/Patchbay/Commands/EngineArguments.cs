using System.CommandLine;
using Patchbay.Engine;

namespace Patchbay.Commands;

/// <summary>The options that every command with an engine has.</summary>
internal sealed class EngineArguments
{
    // More than any machine has processors; each is a thread of the system.
    private const int MostThreads = 1024;

    private readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "Hugging Face model directory or .gguf file. Without it, the embedded demo.",
        HelpName = "path",
    };

    private readonly Option<string?> _adapters = new("--adapters", "-a")
    {
        Description = "Directory with one PEFT adapter in each folder. Without it, 'adapters' beside the model if it exists.",
        HelpName = "directory",
    };

    private readonly Option<int> _threads = new("--threads", "-t")
    {
        Description = "Worker threads; 0 takes one for each processor.",
        HelpName = "count",
    };

    private readonly Option<long> _kvMemory = new("--kv-memory")
    {
        Description = "Memory for keys and values, such as 512MiB. Without it, chosen from the machine's memory.",
        HelpName = "size",
        CustomParser = ByteSize.Parse,
    };

    private readonly Option<KvFormat> _kv = new("--kv")
    {
        Description = "How keys and values are kept: f32, bf16 or q8.",
        HelpName = "format",
        DefaultValueFactory = _ => KvFormat.F32,
    };

    private readonly Option<int> _context = new("--context", "-c")
    {
        Description = "Longest prompt and answer together, in tokens; 0 takes what the model was trained for.",
        HelpName = "tokens",
    };

    private readonly Option<int> _maxBatchTokens = new("--max-batch-tokens")
    {
        Description = "Most tokens in one step of the engine.",
        HelpName = "tokens",
        DefaultValueFactory = _ => 512,
    };

    private readonly Option<WeightFormat> _weights = new("--weights")
    {
        Description = "How weights are held: auto (Q8 for F16, BF16 and most GGUF formats; Q4_0, Q4_1 and Q4_K in four bits), native, q8 or q4.",
        HelpName = "format",
        DefaultValueFactory = _ => WeightFormat.Auto,
    };

    private readonly Option<int> _maxWaiting = new("--max-waiting")
    {
        Description = "Most requests that wait; more are refused with 429 and Retry-After.",
        HelpName = "count",
        DefaultValueFactory = _ => 1024,
    };

    private readonly Option<int> _maxWaitingPerAdapter = new("--max-waiting-per-adapter")
    {
        Description = "Most requests that wait for one adapter version; 0 sets no limit of its own.",
        HelpName = "count",
    };

    private readonly Option<bool> _speculate = new("--speculate")
    {
        Description = "Guess next tokens from the text itself and verify several at once: the same answers, faster where text repeats.",
    };

    private EngineArguments(Command command)
    {
        _threads.TakeFrom(0, MostThreads);
        _context.TakeAtLeast(0);
        _maxWaitingPerAdapter.TakeAtLeast(0);
        _maxBatchTokens.TakeAtLeast(1);
        _maxWaiting.TakeAtLeast(1);
        Option[] options = [_model, _adapters, _threads, _kvMemory, _kv, _context, _maxBatchTokens, _maxWaiting, _maxWaitingPerAdapter, _speculate, _weights];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Adds the options to a command.</summary>
    public static EngineArguments AddTo(Command command) => new(command);

    /// <summary>The model and adapters to use; null, with a sentence on standard error, where there is no model.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="otherwise">What is used where the command line names none, instead of the demo.</param>
    public ModelLocation? Locate(ParseResult parsed, ModelLocation? otherwise = null)
    {
        var location = ModelLocation.Find(parsed.GetValue(_model) ?? otherwise?.Model, parsed.GetValue(_adapters) ?? otherwise?.Adapters);
        if (location is null)
        {
            Console.Error.WriteLine("No model: the demo is not beside this program. Name a model with --model.");
        }
        else if (location.Adapters is { } adapters && !Directory.Exists(adapters))
        {
            Console.Error.WriteLine($"--adapters names no directory: {adapters}");
            return null;
        }
        return location;
    }

    /// <summary>The engine's options.</summary>
    public EngineOptions Read(ParseResult parsed, ModelLocation location) => new()
    {
        ModelPath = location.Model,
        ThreadCount = parsed.GetValue(_threads),
        KvCacheBytes = parsed.GetValue(_kvMemory),
        KvCache = parsed.GetValue(_kv),
        ContextLength = parsed.GetValue(_context),
        MaxBatchTokens = parsed.GetValue(_maxBatchTokens),
        Weights = parsed.GetValue(_weights),
        MaxQueuedRequests = parsed.GetValue(_maxWaiting),
        MaxQueuedRequestsPerAdapter = parsed.GetValue(_maxWaitingPerAdapter),
        PromptLookup = parsed.GetValue(_speculate),
    };
}
