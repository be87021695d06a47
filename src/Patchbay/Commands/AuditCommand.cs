using System.CommandLine;
using System.Globalization;
using Patchbay.Control;
using Patchbay.Control.Journal;

namespace Patchbay.Commands;

/// <summary><c>patchbay audit</c>: reads the audit chain of a data directory, also while a server runs on it.</summary>
internal static class AuditCommand
{
    private static readonly Option<string?> Data = new("--data") { Description = "The data directory of a server.", HelpName = "directory" };

    private static readonly Option<string?> Postgres = new("--postgres")
    {
        Description = "The PostgreSQL database that holds the journal; --data then only holds the anchor.",
        HelpName = "connection string",
    };

    public static Command Create()
    {
        var file = new Option<string?>("--file") { Description = "An exported chain, one entry per line.", HelpName = "path" };
        var head = new Option<string?>("--expect-head")
        {
            Description = "The hash of the last entry, as noted elsewhere: finds what is missing at the end even where the anchor is gone.",
            HelpName = "hash",
        };
        var verify = new Command("verify", "Check every entry (exit code 3 where one was changed, moved or is missing).") { Data, Postgres, file, head };
        verify.SetAction((parsed, cancellation) => VerifyAsync(
            parsed.GetValue(Data), parsed.GetValue(Postgres), parsed.GetValue(file), parsed.GetValue(head), cancellation));

        var output = new Argument<string>("path") { Description = "The file to write; its anchor is written beside it." };
        var export = new Command("export", "Write the chain to a file, one entry per line.") { output, Data, Postgres };
        export.SetAction((parsed, cancellation) => ExportAsync(
            parsed.GetValue(output)!, parsed.GetValue(Data), parsed.GetValue(Postgres), cancellation));
        return new Command("audit", "Check, list or export the record of every change.") { verify, CreateList(), export };
    }

    private static Command CreateList()
    {
        var limit = new Option<int>("--limit") { Description = "How many, the newest first.", HelpName = "count", DefaultValueFactory = _ => 20 };
        limit.TakeFrom(1, AuditQuery.MaxLimit);
        var target = new Option<string?>("--adapter") { Description = "Only what was done to this adapter.", HelpName = "name" };
        var list = new Command("list", "Show the newest entries: number, time, who, what, to what, which version, why.") { Data, Postgres, limit, target };
        list.SetAction((parsed, cancellation) => ListAsync(
            parsed.GetValue(Data), parsed.GetValue(Postgres), new AuditQuery { Limit = parsed.GetValue(limit), Target = parsed.GetValue(target) }, cancellation));
        return list;
    }

    private static async Task<int> ListAsync(string? data, string? postgres, AuditQuery query, CancellationToken cancellation)
    {
        if (data is null && postgres is null)
        {
            await Console.Error.WriteLineAsync("Name the --data directory or the --postgres database whose chain is listed.");
            return ExitCode.Usage;
        }
        return await ReadAsync(async () =>
        {
            await using var journal = await OpenAsync(data, postgres, cancellation);
            foreach (var entry in (await journal.FindAsync(query, cancellation)).Entries)
            {
                var record = entry.Record;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{entry.Sequence}  {record.Time:yyyy-MM-dd HH:mm:ss}Z  {record.Actor}  {record.Action}  {record.Target}{Moved(record)}{(record.Reason is null ? "" : $"  {Plain(record.Reason)}")}"));
            }
            return ExitCode.Done;
        });
    }

    private static string Moved(AuditRecord record) => (record.From, record.To) switch
    {
        (null, null) => "",
        ({ } from, null) => $"  {from.Abbreviation} ->",
        (null, { } to) => $"  -> {to.Abbreviation}",
        ({ } from, { } to) => $"  {from.Abbreviation} -> {to.Abbreviation}",
    };

    // A reason is what a caller wrote: it must not move the cursor of who reads it.
    private static string Plain(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));

    private static async Task<int> VerifyAsync(string? data, string? postgres, string? file, string? head, CancellationToken cancellation)
    {
        if ((file is null) == (data is null && postgres is null))
        {
            await Console.Error.WriteLineAsync("Name either --file, or --data and perhaps --postgres.");
            return ExitCode.Usage;
        }
        if (head is not null && !AuditAnchor.IsHash(head))
        {
            await Console.Error.WriteLineAsync("--expect-head: expected 64 lower-case hexadecimal digits.");
            return ExitCode.Usage;
        }
        return await ReadAsync(async () =>
        {
            var found = file is not null
                ? AuditFile.Verify(file, head)
                : await VerifyJournalAsync(data, postgres, head, cancellation);
            return Report(found);
        });
    }

    private static async Task<AuditVerification> VerifyJournalAsync(string? data, string? postgres, string? head, CancellationToken cancellation)
    {
        var anchor = data is null ? null : AuditAnchor.Read(ControlDataDirectory.FindJournal(data).Anchor);
        await using var journal = await OpenAsync(data, postgres, cancellation);
        var found = await AuditVerifier.VerifyAsync(journal.ReadLinesAsync(0, cancellation), anchor, head, cancellation);
        return found.IsValid && data is not null && anchor is null && found.Entries > 1 && head is null
            ? found with { Problem = "The anchor is missing: entries may be missing at the end." }
            : found;
    }

    private static async Task<int> ExportAsync(string path, string? data, string? postgres, CancellationToken cancellation)
    {
        if (data is null && postgres is null)
        {
            await Console.Error.WriteLineAsync("Name the --data directory or the --postgres database whose chain is exported.");
            return ExitCode.Usage;
        }
        return await ReadAsync(async () =>
        {
            await using var journal = await OpenAsync(data, postgres, cancellation);
            var last = await AuditFile.ExportAsync(journal.ReadLinesAsync(0, cancellation), path, cancellation);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{last.Sequence} entries"));
            Console.WriteLine($"head {last.Hash}");
            return ExitCode.Done;
        });
    }

    private static async Task<IJournal> OpenAsync(string? data, string? postgres, CancellationToken cancellation) => postgres is not null
        ? await PostgresJournal.OpenAsync(postgres, cancellation)
        : await SqliteJournal.OpenReadOnlyAsync(ControlDataDirectory.FindJournal(data!).Journal, cancellation);

    private static int Report(AuditVerification found)
    {
        if (found.Problem is not null)
        {
            var place = found.AtSequence is { } at ? string.Create(CultureInfo.InvariantCulture, $"entry {at}: ") : "";
            Console.Error.WriteLine($"{place}{found.Problem}");
            return ExitCode.Refused;
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"valid: {found.Entries} entries"));
        if (found.Repairs > 0)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{found.Repairs} of them tell of a chain that was found broken at a start: look for audit.repair"));
        }
        Console.WriteLine($"head {found.Head}");
        return ExitCode.Done;
    }

    private static async Task<int> ReadAsync(Func<Task<int>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception problem) when (problem is JournalException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return problem is InvalidDataException ? ExitCode.Refused : ExitCode.Failed;
        }
    }
}
