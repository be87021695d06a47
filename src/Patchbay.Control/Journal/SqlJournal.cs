using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Patchbay.Control.Journal;

/// <summary>
/// A journal in the tables of a database. What SQLite and PostgreSQL have in common is here; how a connection is opened
/// and how a transaction keeps other writers out is theirs.
/// </summary>
public abstract class SqlJournal : IJournal
{
    private const int LinesPerQuery = 10_000;

    private protected SqlJournal()
    {
    }

    /// <inheritdoc/>
    public Task<JournalState> LoadAsync(CancellationToken cancellation) => GuardAsync(async () =>
    {
        await using var connection = await ConnectAsync(cancellation);
        // One moment for all three reads.
        await using var transaction = await connection.BeginTransactionAsync(ReadIsolation, cancellation);
        var documents = new List<Document>();
        await using (var command = Command(transaction, "SELECT kind, key, json FROM patchbay_document"))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                documents.Add(new Document(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
            }
        }
        return new JournalState(documents, await ReadRevisionAsync(transaction, cancellation), await ReadHeadAsync(transaction, cancellation));
    });

    /// <inheritdoc/>
    public Task<long> ReadRevisionAsync(CancellationToken cancellation) => GuardAsync(async () =>
    {
        await using var connection = await ConnectAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(ReadIsolation, cancellation);
        return await ReadRevisionAsync(transaction, cancellation);
    });

    /// <inheritdoc/>
    public Task<AuditEntry> CommitAsync(
        IReadOnlyList<DocumentChange> changes, AuditRecord record, long? expectedRevision, CancellationToken cancellation) =>
        WriteAsync(async transaction =>
        {
            var revision = await ReadRevisionAsync(transaction, cancellation);
            if (expectedRevision is { } expected && expected != revision)
            {
                throw new JournalConflictException(expected, revision);
            }
            var head = await ReadHeadAsync(transaction, cancellation);
            var entry = AuditEntry.Append(record, (head?.Sequence ?? 0) + 1, head?.Hash ?? AuditEntry.NoPrevious);
            foreach (var change in changes)
            {
                await WriteAsync(transaction, change, cancellation);
            }
            await using var audit = Command(transaction, InsertAudit, ("seq", entry.Sequence), ("line", entry.Line));
            await audit.ExecuteNonQueryAsync(cancellation);
            if (changes.Count > 0)
            {
                await using var counter = Command(transaction, "UPDATE patchbay_revision SET revision = @revision", ("revision", entry.Sequence));
                await counter.ExecuteNonQueryAsync(cancellation);
            }
            return entry;
        }, cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ReadLinesAsync(long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // In pieces, so that a reader who takes his time holds no transaction open.
        for (var last = after; ;)
        {
            var lines = await GuardAsync(() => ReadPieceAsync(last, cancellation));
            foreach (var (_, line) in lines)
            {
                yield return line;
            }
            if (lines.Count < LinesPerQuery)
            {
                yield break;
            }
            last = lines[^1].Sequence;
        }
    }

    /// <inheritdoc/>
    public Task<AuditPage> FindAsync(AuditQuery query, CancellationToken cancellation) => GuardAsync(async () =>
    {
        var conditions = new List<string>();
        var values = new List<(string, object)> { ("limit", Math.Clamp(query.Limit, 1, AuditQuery.MaxLimit) + 1) };
        Where("seq < @before", "before", query.Before);
        Where("actor = @actor", "actor", query.Actor);
        Where("action = @action", "action", query.Action);
        Where("target = @target", "target", query.Target);
        var where = conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";
        await using var connection = await ConnectAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(ReadIsolation, cancellation);
        await using var command = Command(transaction, $"SELECT line FROM patchbay_audit{where} ORDER BY seq DESC LIMIT @limit", [.. values]);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var entries = new List<AuditEntry>();
        while (await reader.ReadAsync(cancellation))
        {
            entries.Add(Parse(reader.GetString(0)));
        }
        var limit = Math.Clamp(query.Limit, 1, AuditQuery.MaxLimit);
        return new AuditPage(entries.Take(limit).ToList(), entries.Count > limit);

        void Where(string condition, string name, object? value)
        {
            if (value is not null)
            {
                conditions.Add(condition);
                values.Add((name, value));
            }
        }
    });

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    private protected abstract IsolationLevel ReadIsolation { get; }

    private protected abstract string InsertAudit { get; }

    /// <summary>A connection that reads.</summary>
    private protected abstract Task<DbConnection> ConnectAsync(CancellationToken cancellation);

    /// <summary>Runs a step in a transaction that no other program writes in, and commits it.</summary>
    private protected abstract Task<T> WriteInTransactionAsync<T>(Func<DbTransaction, Task<T>> step, CancellationToken cancellation);

    /// <summary>As above, with every failure of the database as a failure of the journal.</summary>
    private protected Task<T> WriteAsync<T>(Func<DbTransaction, Task<T>> step, CancellationToken cancellation) =>
        GuardAsync(() => WriteInTransactionAsync(step, cancellation));

    private protected static async Task<T> GuardAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception exception) when (exception is DbException or IOException or TimeoutException)
        {
            // The driver's own message may hold paths and host names; it stays inside.
            throw new JournalException("The journal's database cannot be read or written.", exception);
        }
    }

    private static async Task WriteAsync(DbTransaction transaction, DocumentChange change, CancellationToken cancellation)
    {
        const string put = """
            INSERT INTO patchbay_document (kind, key, json) VALUES (@kind, @key, @json)
            ON CONFLICT (kind, key) DO UPDATE SET json = excluded.json
            """;
        await using var command = change.Json is null
            ? Command(transaction, "DELETE FROM patchbay_document WHERE kind = @kind AND key = @key", ("kind", change.Kind), ("key", change.Key))
            : Command(transaction, put, ("kind", change.Kind), ("key", change.Key), ("json", change.Json));
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<List<(long Sequence, string Line)>> ReadPieceAsync(long after, CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(ReadIsolation, cancellation);
        await using var command = Command(
            transaction, "SELECT seq, line FROM patchbay_audit WHERE seq > @after ORDER BY seq LIMIT @limit", ("after", after), ("limit", LinesPerQuery));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var lines = new List<(long, string)>();
        while (await reader.ReadAsync(cancellation))
        {
            lines.Add((reader.GetInt64(0), reader.GetString(1)));
        }
        return lines;
    }

    private static async Task<long> ReadRevisionAsync(DbTransaction transaction, CancellationToken cancellation)
    {
        await using var command = Command(transaction, "SELECT revision FROM patchbay_revision");
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
    }

    private static async Task<AuditEntry?> ReadHeadAsync(DbTransaction transaction, CancellationToken cancellation)
    {
        await using var command = Command(transaction, "SELECT line FROM patchbay_audit ORDER BY seq DESC LIMIT 1");
        return await command.ExecuteScalarAsync(cancellation) is string line ? Parse(line) : null;
    }

    private static AuditEntry Parse(string line)
    {
        try
        {
            return AuditEntry.Parse(line);
        }
        catch (InvalidDataException exception)
        {
            throw new JournalException("An audit entry in the journal is damaged; run 'patchbay audit verify'.", exception);
        }
    }

    private static DbCommand Command(DbTransaction transaction, string text, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = text;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
        return command;
    }
}
