using Patchbay.Engine;
using Patchbay.Engine.Text;

namespace Patchbay.Chat;

/// <summary>Reads lines and answers them, until there are no more.</summary>
internal sealed class ChatLoop(ChatSession session, ChatAdapters adapters, ChatTerminal terminal, string modelName)
{
    private const string Help =
        """
        /switch NAME     answer with another adapter from now on ('base' for none)
        /adapters        list the adapters
        /compare PROMPT  ask the base and every adapter at once
        /system TEXT     begin the conversation with an instruction; empty takes it away
        /clear           forget the conversation
        /help            this list
        /exit            leave (end of input does too)
        """;

    private CancellationTokenSource? _answer;

    /// <summary>Runs the conversation; Ctrl+C ends an answer, and the program while it waits for a line.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        terminal.WriteLine($"{modelName} with {adapters.Names.Count} adapters. /help lists what you can type.");
        ConsoleCancelEventHandler interrupt = (_, pressed) =>
        {
            if (_answer is { } running)
            {
                pressed.Cancel = true;
                running.Cancel();
            }
        };
        Console.CancelKeyPress += interrupt;
        try
        {
            while (!cancellation.IsCancellationRequested && terminal.ReadLine(session.Answering) is { } line)
            {
                if (line.Trim() is "/exit" or "/quit")
                {
                    break;
                }
                await AnswerLineAsync(line.Trim(), cancellation);
            }
            return ExitCode.Done;
        }
        finally
        {
            Console.CancelKeyPress -= interrupt;
        }
    }

    private async Task AnswerLineAsync(string line, CancellationToken cancellation)
    {
        if (line.Length == 0)
        {
            return;
        }
        using var answer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _answer = answer;
        try
        {
            await (line[0] == '/' ? ObeyAsync(line, answer.Token) : AskAsync(line, answer.Token));
        }
        catch (OperationCanceledException)
        {
            terminal.WriteLine();
        }
        catch (Exception refusal) when (refusal is RequestRefusedException or ChatTemplateException)
        {
            terminal.Warn(refusal.Message);
        }
        finally
        {
            _answer = null;
        }
    }

    private async Task AskAsync(string question, CancellationToken cancellation)
    {
        await session.AskAsync(question, ChatTerminal.Write, cancellation);
        terminal.WriteLine();
    }

    private async Task ObeyAsync(string line, CancellationToken cancellation)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var (command, rest) = space < 0 ? (line, "") : (line[..space], line[(space + 1)..].Trim());
        switch (command)
        {
            case "/switch":
                Switch(rest);
                break;
            case "/adapters":
                ListAdapters();
                break;
            case "/compare" when rest.Length > 0:
                terminal.Compare(await session.CompareAsync(rest, cancellation));
                break;
            case "/system":
                session.System = rest;
                terminal.WriteLine(rest.Length == 0 ? "No instruction." : "Instruction taken.");
                break;
            case "/clear":
                session.Clear();
                terminal.WriteLine("Conversation forgotten.");
                break;
            case "/help":
                terminal.WriteLine(Help);
                break;
            default:
                terminal.Warn($"'{line}' is no command; /help lists them.");
                break;
        }
    }

    private void Switch(string name)
    {
        if (session.TrySwitch(name))
        {
            terminal.WriteLine($"{name} answers now.");
            return;
        }
        terminal.Warn($"No adapter is called '{name}'. Available: {string.Join(", ", adapters.Names.Prepend("base"))}.");
    }

    private void ListAdapters()
    {
        terminal.WriteLine($"{(session.Answering == "base" ? "*" : " ")} base");
        foreach (var name in adapters.Names)
        {
            var version = adapters.Find(name)!;
            terminal.WriteLine($"{(session.Answering == name ? "*" : " ")} {name} ({version.Kind}, rank {version.Rank})");
        }
    }
}
