using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Patchbay.Control.Journal;

/// <summary>
/// A journal in one SQLite file. WAL with <c>synchronous=FULL</c>: what was acknowledged survives a power cut. NORMAL
/// would save one flush per command, and commands are rare.
/// </summary>
public sealed class SqliteJournal : SqlJournal
{
    private const int BusySeconds = 10;

    private readonly SemaphoreSlim _write = new(1);
    private readonly SqliteConnection _writer;
    private readonly string _readText;

    private SqliteJournal(SqliteConnection writer, string readText)
    {
        _writer = writer;
        _readText = readText;
    }

    private protected override IsolationLevel ReadIsolation => IsolationLevel.Serializable;

    private protected override string InsertAudit => "INSERT INTO patchbay_audit (seq, line) VALUES (@seq, @line)";

    /// <summary>Opens a file, making it where there is none.</summary>
    /// <exception cref="JournalException">It cannot be opened, is no database, or of a later program.</exception>
    public static Task<SqliteJournal> OpenAsync(string path, CancellationToken cancellation) => GuardAsync(async () =>
    {
        var writer = new SqliteConnection(Text(path, SqliteOpenMode.ReadWriteCreate));
        var journal = new SqliteJournal(writer, Text(path, SqliteOpenMode.ReadOnly));
        try
        {
            await writer.OpenAsync(cancellation);
            await using var command = writer.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF";
            await command.ExecuteNonQueryAsync(cancellation);
            await journal.WriteAsync(async transaction =>
            {
                await JournalMigrations.ApplyAsync(transaction, "Sqlite", cancellation);
                return true;
            }, cancellation);
            return journal;
        }
        catch
        {
            await journal.DisposeAsync();
            throw;
        }
    });

    /// <summary>Opens the file of another process for reading alone.</summary>
    /// <exception cref="JournalException">It cannot be opened.</exception>
    public static Task<SqliteJournal> OpenReadOnlyAsync(string path, CancellationToken cancellation) => GuardAsync(async () =>
    {
        var text = Text(path, SqliteOpenMode.ReadOnly);
        var reader = new SqliteConnection(text);
        await reader.OpenAsync(cancellation);
        return new SqliteJournal(reader, text);
    });

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _write.Dispose();
    }

    private protected override async Task<DbConnection> ConnectAsync(CancellationToken cancellation)
    {
        var connection = new SqliteConnection(_readText);
        await connection.OpenAsync(cancellation);
        return connection;
    }

    private protected override async Task<T> WriteInTransactionAsync<T>(Func<DbTransaction, Task<T>> step, CancellationToken cancellation)
    {
        await _write.WaitAsync(cancellation);
        try
        {
            // Immediate: the lock is taken now, so a second process fails before it has read what it would overwrite.
            await using var transaction = _writer.BeginTransaction(deferred: false);
            var result = await step(transaction);
            await transaction.CommitAsync(cancellation);
            return result;
        }
        finally
        {
            _write.Release();
        }
    }

    private static string Text(string path, SqliteOpenMode mode) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = mode,
        Pooling = false,
        DefaultTimeout = BusySeconds,
    }.ToString();
}
