using System.Data;
using System.Data.Common;
using Npgsql;

namespace Patchbay.Control.Journal;

/// <summary>
/// A journal in a PostgreSQL database that several nodes share. Writers queue on one advisory lock, so the audit chain
/// has one order; a node that decided on older documents gets a <see cref="JournalConflictException"/>.
/// </summary>
public sealed class PostgresJournal : SqlJournal
{
    // "patchbay" in ASCII: one number for every program that writes these tables.
    private const long LockKey = 0x7061746368626179;

    private readonly NpgsqlDataSource _source;

    private PostgresJournal(NpgsqlDataSource source) => _source = source;

    private protected override IsolationLevel ReadIsolation => IsolationLevel.RepeatableRead;

    private protected override string InsertAudit => "INSERT INTO patchbay_audit (seq, line) VALUES (@seq, CAST(@line AS json))";

    /// <summary>Connects to a database and makes the tables where there are none.</summary>
    /// <param name="connectionString">As Npgsql reads it: <c>Host=…;Username=…;Database=…</c>.</param>
    /// <exception cref="JournalException">It cannot be reached, or a later program wrote the tables.</exception>
    public static Task<PostgresJournal> OpenAsync(string connectionString, CancellationToken cancellation) => GuardAsync(async () =>
    {
        var journal = new PostgresJournal(Connect(connectionString));
        try
        {
            await journal.WriteAsync(async transaction =>
            {
                await JournalMigrations.ApplyAsync(transaction, "Postgres", cancellation);
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

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    private protected override async Task<DbConnection> ConnectAsync(CancellationToken cancellation) => await _source.OpenConnectionAsync(cancellation);

    private protected override async Task<T> WriteInTransactionAsync<T>(Func<DbTransaction, Task<T>> step, CancellationToken cancellation)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        // Read committed: what is read behind the lock is what the writer before committed.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellation);
        await using (var command = connection.CreateCommand())
        {
            command.Transaction = transaction;
            command.CommandText = $"SELECT pg_advisory_xact_lock({LockKey})";
            await command.ExecuteNonQueryAsync(cancellation);
        }
        var result = await step(transaction);
        await transaction.CommitAsync(cancellation);
        return result;
    }

    private static NpgsqlDataSource Connect(string connectionString)
    {
        try
        {
            return new NpgsqlSlimDataSourceBuilder(connectionString).Build();
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            throw new JournalException("The connection string of the journal is not one that Npgsql reads.", exception);
        }
    }
}
