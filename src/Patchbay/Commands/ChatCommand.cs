using System.CommandLine;
using Patchbay.Chat;
using Patchbay.Engine;

namespace Patchbay.Commands;

/// <summary><c>patchbay chat</c>: a conversation in the terminal, with an engine of its own.</summary>
internal sealed class ChatCommand
{
    private readonly Command _command = new("chat", "Talk to the model and its adapters in the terminal.");

    private readonly EngineArguments _engine;

    private readonly Option<string?> _adapter = new("--adapter")
    {
        Description = "The adapter to begin with.",
        HelpName = "name",
    };

    private readonly Option<float> _temperature = new("--temperature")
    {
        Description = "0 always answers with the likeliest words; 1 follows the model's own probabilities.",
        HelpName = "0..2",
    };

    private readonly Option<int> _maxTokens = new("--max-tokens")
    {
        Description = "Longest answer.",
        HelpName = "tokens",
        DefaultValueFactory = _ => 1024,
    };

    private ChatCommand()
    {
        _temperature.TakeFrom(0, 2);
        _maxTokens.TakeAtLeast(1);
        _engine = EngineArguments.AddTo(_command);
        _command.Options.Add(_adapter);
        _command.Options.Add(_temperature);
        _command.Options.Add(_maxTokens);
        _command.SetAction(RunAsync);
    }

    public static Command Create() => new ChatCommand()._command;

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var temperature = parsed.GetValue(_temperature);
        var maxTokens = parsed.GetValue(_maxTokens);
        if (_engine.Locate(parsed) is not { } location)
        {
            return ExitCode.Usage;
        }
        InferenceEngine engine;
        try
        {
            engine = await SlowStep.WatchAsync(
                InferenceEngine.OpenAsync(_engine.Read(parsed, location), cancellation), "Opening the model", TimeProvider.System);
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            await Console.Error.WriteLineAsync($"Cannot open the model {location.Model}: {failure.Message}");
            return ExitCode.Failed;
        }
        await using (engine)
        {
            if (engine.Tokenizer is null || engine.ChatTemplate is null)
            {
                await Console.Error.WriteLineAsync("This model has no tokenizer or no chat template, so it cannot chat.");
                return ExitCode.Failed;
            }
            var terminal = ChatTerminal.Create();
            var adapters = await ChatAdapters.LoadAsync(engine, location.Adapters, terminal, cancellation);
            var sampling = SamplingOptions.Default with { Temperature = temperature };
            var session = new ChatSession(engine, adapters, sampling, maxTokens);
            if (parsed.GetValue(_adapter) is { } name && !session.TrySwitch(name))
            {
                await Console.Error.WriteLineAsync($"No adapter is called '{name}'. Available: {string.Join(", ", adapters.Names)}.");
                return ExitCode.Usage;
            }
            return await new ChatLoop(session, adapters, terminal, engine.Model.Name).RunAsync(cancellation);
        }
    }
}
