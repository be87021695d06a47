using System.CommandLine;
using Patchbay.Control.Answers;
using Patchbay.Server;

namespace Patchbay.Commands;

/// <summary>The options about versions, memory and the adapters directory.</summary>
internal sealed class AdapterArguments
{
    // A century.
    private const double MostHours = 876_000;

    private readonly Option<double> _keepPrompts = new("--keep-prompts-hours")
    {
        Description = "Keep the tokens of prompts, and what users write about answers, this long; answers can then be made again without sending the prompt. 0 keeps none.",
        HelpName = "hours",
    };

    private readonly Option<string?> _data = new("--data")
    {
        Description = "Directory for adapter versions and the journal of changes. Without it, nothing outlives the server.",
        HelpName = "directory",
    };

    private readonly Option<string?> _postgres = new("--postgres")
    {
        Description = "PostgreSQL database for the journal, instead of a file in --data.",
        HelpName = "connection string",
    };

    private readonly Option<long> _memory = new("--adapter-memory")
    {
        Description = "Most memory for adapters, such as 2GiB. Without it, a quarter of the machine's memory.",
        HelpName = "size",
        CustomParser = ByteSize.Parse,
    };

    private readonly Option<bool> _lazy = new("--lazy") { Description = "Read adapters at their first use instead of at start." };

    private readonly Option<bool> _noWatch = new("--no-watch") { Description = "Take the adapters directory as it is at start and never look again." };

    private readonly Option<bool> _noRelease = new("--no-watch-release")
    {
        Description = "Keep a changed folder as a version that can be released, instead of letting it answer at once.",
    };

    private readonly Option<int> _kept = new("--keep-versions")
    {
        Description = "Versions that are kept of each adapter.",
        HelpName = "count",
        DefaultValueFactory = _ => 5,
    };

    private readonly Option<bool> _allowBase = new("--allow-base-mismatch") { Description = "Take adapters that name another base model, revision or digest." };

    private readonly Option<string?> _revision = new("--base-revision")
    {
        Description = "The commit of the base model, which adapters may name; without it, the one in a Hugging Face cache path.",
        HelpName = "commit",
    };

    private readonly Option<string?> _check = new("--adapter-check")
    {
        Description = "Program or http address that may refuse each new adapter version, within 30 s.",
        HelpName = "program|url",
    };

    private AdapterArguments(Command command)
    {
        _kept.TakeAtLeast(1);
        _keepPrompts.TakeFrom(0, MostHours);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_postgres) is not null && result.GetResult(_data) is null)
            {
                result.AddError("--postgres holds the journal only; name a directory for the versions with --data.");
            }
        });
        Option[] options = [_data, _postgres, _keepPrompts, _memory, _lazy, _noWatch, _noRelease, _kept, _allowBase, _revision, _check];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Adds the options to a command.</summary>
    public static AdapterArguments AddTo(Command command) => new(command);

    /// <summary>The server's options with what the command line says of adapters.</summary>
    public PatchbayServerOptions Read(ParseResult parsed, PatchbayServerOptions options) => options with
    {
        Answers = AnswerRetention.Default with { Prompts = TimeSpan.FromHours(parsed.GetValue(_keepPrompts)) },
        DataDirectory = parsed.GetValue(_data) is { } data ? Path.GetFullPath(data) : null,
        JournalConnection = parsed.GetValue(_postgres),
        AdapterMemoryBytes = parsed.GetValue(_memory) is > 0 and var memory ? memory : null,
        LazyAdapters = parsed.GetValue(_lazy),
        WatchAdapters = !parsed.GetValue(_noWatch),
        ReleaseWatchedAdapters = !parsed.GetValue(_noRelease),
        KeptVersions = parsed.GetValue(_kept),
        BaseRevision = parsed.GetValue(_revision),
        AllowBaseMismatch = parsed.GetValue(_allowBase),
        AdapterCheck = parsed.GetValue(_check),
    };
}
