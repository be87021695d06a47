using Spectre.Console;

namespace Patchbay.Chat;

/// <summary>What the chat shows and reads: colours and tables for people, plain lines for pipes.</summary>
internal sealed class ChatTerminal
{
    private readonly bool _isInteractive;

    private ChatTerminal(bool isInteractive) => _isInteractive = isInteractive;

    public static ChatTerminal Create() => new(!Console.IsInputRedirected && !Console.IsOutputRedirected);

    /// <summary>Reads one line; null at the end of the input.</summary>
    public string? ReadLine(string answering)
    {
        if (_isInteractive)
        {
            AnsiConsole.Markup($"[bold green]{Markup.Escape(answering)}[/] [grey]>[/] ");
        }
        return Console.ReadLine();
    }

    /// <summary>Writes a piece of an answer at once.</summary>
    public static void Write(string piece)
    {
        Console.Out.Write(piece);
        Console.Out.Flush();
    }

    public void WriteLine(string line = "")
    {
        if (_isInteractive && line.Length > 0)
        {
            AnsiConsole.MarkupLine($"[grey]{Markup.Escape(line)}[/]");
            return;
        }
        Console.Out.WriteLine(line);
    }

    public void Warn(string line)
    {
        if (_isInteractive)
        {
            AnsiConsole.MarkupLine($"[yellow]{Markup.Escape(line)}[/]");
            return;
        }
        Console.Error.WriteLine(line);
    }

    /// <summary>Shows answers beside their names.</summary>
    public void Compare(IReadOnlyList<(string Name, string Answer)> answers)
    {
        if (!_isInteractive)
        {
            foreach (var (name, answer) in answers)
            {
                Console.Out.WriteLine($"{name}: {answer.ReplaceLineEndings(" ")}");
            }
            return;
        }
        var table = new Table { Border = TableBorder.Rounded, ShowRowSeparators = true };
        table.AddColumn("adapter").AddColumn("answer");
        foreach (var (name, answer) in answers)
        {
            table.AddRow(new Text(name, new Style(Color.Green)), new Text(answer));
        }
        AnsiConsole.Write(table);
    }
}
