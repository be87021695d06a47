using System.CommandLine;
using Patchbay.Bench;

namespace Patchbay.Commands;

/// <summary>The options that say what <c>patchbay bench</c> measures, and against whom.</summary>
internal sealed class BenchArguments
{
    private static readonly BenchOptions Defaults = new();

    private readonly Option<string?> _shape = new("--shape")
    {
        Description = "Measure a random-weight model of this shape, and random adapters of rank 16; kept in the user's cache directory.",
        HelpName = string.Join('|', ModelShape.All.Select(shape => shape.Name)),
    };

    private readonly Option<string?> _write = new("--write")
    {
        Description = "Only write the model and the adapters of --shape to this new directory.",
        HelpName = "directory",
    };

    private readonly Option<int> _rounds = Count("--rounds", "How often each work is done.", "count", Defaults.Rounds);

    private readonly Option<string[]> _only = new("--only")
    {
        Description = "Do only these works.",
        HelpName = string.Join('|', BenchOptions.Works),
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int[]> _batch = new("--batch")
    {
        Description = "Streams of the batch work; several numbers measure each.",
        HelpName = "streams",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [.. Defaults.Batches],
    };

    private readonly Option<int> _streams = Count("--streams", "Streams that run while adapters are switched.", "count", Defaults.Streams);
    private readonly Option<int> _prefill = Count("--prefill", "Prompt of the prefill work.", "tokens", Defaults.PrefillTokens);
    private readonly Option<int> _decode = Count("--decode", "Answer of the decode works.", "tokens", Defaults.DecodeTokens);
    private readonly Option<int> _requests = Count("--requests", "Requests of the mixed work, each on another adapter.", "count", Defaults.Requests);
    private readonly Option<int> _prompt = Count("--prompt", "Prompt of each of them.", "tokens", Defaults.PromptTokens);
    private readonly Option<int> _new = Count("--new", "Answer of each of them.", "tokens", Defaults.NewTokens);

    private readonly Option<Uri?> _against = Address("--against", "Send the same requests to this OpenAI-compatible server and print ratios.");
    private readonly Option<Uri?> _ours = Address("--ours", "With --against: this program's server that runs already; otherwise one is started.");

    private readonly Option<string?> _againstModel = new("--against-model")
    {
        Description = "What the other server calls the base model.",
        HelpName = "name",
    };

    private readonly Option<string[]> _againstAdapters = new("--against-adapters")
    {
        Description = "What the other server calls its adapters (vLLM's model names); without it, what this one calls them.",
        HelpName = "name",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int[]> _againstLoraIds = new("--against-lora-ids")
    {
        Description = "Ids of the other server's adapters, for llama-server's 'lora' field.",
        HelpName = "id",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _json = new("--json")
    {
        Description = "Write the report as JSON to this file; - writes it to standard output instead of the table.",
        HelpName = "file|-",
    };

    private BenchArguments(Command command)
    {
        _shape.AcceptOnlyFromAmong([.. ModelShape.All.Select(shape => shape.Name)]);
        _only.AcceptOnlyFromAmong([.. BenchOptions.Works]);
        _batch.TakeEachAtLeast(1);
        _againstLoraIds.TakeEachAtLeast(0);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_write) is not null && result.GetResult(_shape) is null)
            {
                result.AddError("--write needs --shape.");
            }
        });
        Option[] options =
        [
            _shape, _write, _rounds, _only, _prefill, _decode, _batch, _requests, _prompt, _new, _streams,
            _against, _ours, _againstModel, _againstAdapters, _againstLoraIds, _json,
        ];
        Array.ForEach(options, command.Options.Add);
    }

    public static BenchArguments AddTo(Command command) => new(command);

    public ModelShape? Shape(ParseResult parsed) => parsed.GetValue(_shape) is { } name ? ModelShape.Find(name) : null;

    public string? WriteTo(ParseResult parsed) => parsed.GetValue(_write);

    public string? Json(ParseResult parsed) => parsed.GetValue(_json);

    public Uri? Ours(ParseResult parsed) => parsed.GetValue(_ours);

    /// <summary>The other server; null where none is named.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="ourAdapters">What adapters are called where nothing else is said.</param>
    public CompletionsTarget? Against(ParseResult parsed, IReadOnlyList<string> ourAdapters)
    {
        if (parsed.GetValue(_against) is not { } address)
        {
            return null;
        }
        var names = parsed.GetValue(_againstAdapters) is { Length: > 0 } given ? given : ourAdapters;
        return new CompletionsTarget(address, parsed.GetValue(_againstModel), names, parsed.GetValue(_againstLoraIds) ?? []);
    }

    public BenchOptions Read(ParseResult parsed) => new()
    {
        Only = parsed.GetValue(_only) ?? [],
        Rounds = parsed.GetValue(_rounds),
        PrefillTokens = parsed.GetValue(_prefill),
        DecodeTokens = parsed.GetValue(_decode),
        Batches = parsed.GetValue(_batch)!,
        Streams = parsed.GetValue(_streams),
        Requests = parsed.GetValue(_requests),
        PromptTokens = parsed.GetValue(_prompt),
        NewTokens = parsed.GetValue(_new),
    };

    private static Option<int> Count(string name, string description, string unit, int otherwise)
    {
        var option = new Option<int>(name) { Description = description, HelpName = unit, DefaultValueFactory = _ => otherwise };
        option.TakeAtLeast(1);
        return option;
    }

    private static Option<Uri?> Address(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "http://host:port",
        CustomParser = argument =>
        {
            var text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
            if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            {
                return address;
            }
            argument.AddError($"{name}: '{text}' is no address; write it like http://127.0.0.1:8081.");
            return null;
        },
    };
}
