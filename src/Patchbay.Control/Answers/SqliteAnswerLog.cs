using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Patchbay.Control.Answers;

/// <summary>
/// Answers in one SQLite file. WAL with <c>synchronous=NORMAL</c>: a power cut may cost the last answers, never the file;
/// one flush for each answer would cost more than the answer. One writer at a time.
/// </summary>
public sealed class SqliteAnswerLog : IAnswerLog
{
    private const string Schema = """
        PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF;
        CREATE TABLE IF NOT EXISTS answer (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL, time INTEGER NOT NULL, adapter TEXT NOT NULL, arm TEXT, entry TEXT NOT NULL, prompts TEXT);
        CREATE INDEX IF NOT EXISTS answer_id ON answer (id);
        CREATE INDEX IF NOT EXISTS answer_time ON answer (time);
        CREATE TABLE IF NOT EXISTS rating (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, score REAL NOT NULL, comment TEXT);
        CREATE INDEX IF NOT EXISTS answer_kept_prompts ON answer (time) WHERE prompts IS NOT NULL;
        CREATE INDEX IF NOT EXISTS rating_kept_comments ON rating (time) WHERE comment IS NOT NULL;
        """;

    private const string Select = "SELECT entry, prompts, answer.time, score, comment FROM answer LEFT JOIN rating ON rating.number = answer.number";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly SqliteConnection _connection;
    private readonly AnswerRetention _retention;
    private readonly TimeProvider _time;

    private SqliteAnswerLog(SqliteConnection connection, AnswerRetention retention, TimeProvider time) =>
        (_connection, _retention, _time) = (connection, retention, time);

    /// <inheritdoc/>
    public bool KeepsPrompts => _retention.Prompts > TimeSpan.Zero;

    /// <summary>Opens a file, making it where there is none.</summary>
    /// <exception cref="SqliteException">It cannot be opened or is no database.</exception>
    public static async Task<SqliteAnswerLog> OpenAsync(
        string path, AnswerRetention retention, TimeProvider time, CancellationToken cancellation)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            await connection.OpenAsync(cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = Schema;
            await command.ExecuteNonQueryAsync(cancellation);
            return new SqliteAnswerLog(connection, retention, time);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task AppendAsync(IReadOnlyList<AnswerEntry> entries, CancellationToken cancellation) => UseAsync(async command =>
    {
        await using var transaction = _connection.BeginTransaction(deferred: false);
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO answer (id, time, adapter, arm, entry, prompts) VALUES (@id, @time, @adapter, @arm, @entry, @prompts)";
        foreach (var entry in entries)
        {
            command.Parameters.Clear();
            Add(command, "@id", entry.Id);
            Add(command, "@time", entry.Time.UtcTicks);
            Add(command, "@adapter", entry.Adapter);
            Add(command, "@arm", entry.Arm);
            Add(command, "@entry", JsonSerializer.Serialize(entry with { Prompts = null }, AnswerJson.Default.AnswerEntry));
            Add(command, "@prompts", KeepsPrompts && entry.Prompts is { } prompts
                ? JsonSerializer.Serialize(prompts, AnswerJson.Default.IReadOnlyListInt32Array)
                : null);
            await command.ExecuteNonQueryAsync(cancellation);
        }
        command.Parameters.Clear();
        command.CommandText = """
            DELETE FROM answer WHERE number <= (SELECT MAX(number) FROM answer) - @most;
            DELETE FROM rating WHERE number <= (SELECT MAX(number) FROM answer) - @most;
            UPDATE answer SET prompts = NULL WHERE time < @oldest AND prompts IS NOT NULL;
            UPDATE rating SET comment = NULL WHERE time < @oldest AND comment IS NOT NULL
            """;
        Add(command, "@most", _retention.MaxEntries);
        Add(command, "@oldest", (_time.GetUtcNow() - _retention.Prompts).UtcTicks);
        await command.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }, cancellation);

    /// <inheritdoc/>
    public Task RateAsync(string id, AnswerRating rating, CancellationToken cancellation) => UseAsync(command =>
    {
        command.CommandText = """
            INSERT OR IGNORE INTO rating (number, time, score, comment)
            SELECT number, time, @score, @comment FROM answer WHERE id = @id ORDER BY number DESC LIMIT 1
            """;
        Add(command, "@id", id);
        Add(command, "@score", rating.Score);
        Add(command, "@comment", KeepsPrompts ? rating.Comment : null);
        return command.ExecuteNonQueryAsync(cancellation);
    }, cancellation);

    /// <inheritdoc/>
    public async Task<AnswerEntry?> FindAsync(string id, CancellationToken cancellation) => (await UseAsync(command =>
    {
        command.CommandText = $"{Select} WHERE id = @id ORDER BY answer.number DESC LIMIT 1";
        Add(command, "@id", id);
        return ReadAsync(command, cancellation);
    }, cancellation)).FirstOrDefault();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AnswerEntry>> ListAsync(AnswerQuery query, CancellationToken cancellation) => await UseAsync(command =>
    {
        command.CommandText = $"""
            {Select}
            WHERE answer.time < @before AND (@adapter IS NULL OR adapter = @adapter) AND (@arm IS NULL OR arm = @arm)
            ORDER BY answer.time DESC, answer.number DESC LIMIT @limit
            """;
        Add(command, "@before", query.Before?.UtcTicks ?? long.MaxValue);
        Add(command, "@adapter", query.Adapter);
        Add(command, "@arm", query.Arm);
        Add(command, "@limit", query.Limit);
        return ReadAsync(command, cancellation);
    }, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _gate.Dispose();
    }

    private async Task<List<AnswerEntry>> ReadAsync(SqliteCommand command, CancellationToken cancellation)
    {
        var oldest = (_time.GetUtcNow() - _retention.Prompts).UtcTicks;
        var found = new List<AnswerEntry>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var entry = JsonSerializer.Deserialize(reader.GetString(0), AnswerJson.Default.AnswerEntry)!;
            var mayShow = reader.GetInt64(2) >= oldest;
            found.Add(entry with
            {
                Prompts = mayShow && !await reader.IsDBNullAsync(1, cancellation)
                    ? JsonSerializer.Deserialize(reader.GetString(1), AnswerJson.Default.IReadOnlyListInt32Array) : null,
                Rating = await reader.IsDBNullAsync(3, cancellation) ? null
                    : new AnswerRating(reader.GetDouble(3), mayShow && !await reader.IsDBNullAsync(4, cancellation) ? reader.GetString(4) : null),
            });
        }
        return found;
    }

    private async Task<T> UseAsync<T>(Func<SqliteCommand, Task<T>> step, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            await using var command = _connection.CreateCommand();
            return await step(command);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static void Add(SqliteCommand command, string name, object? value) => command.Parameters.AddWithValue(name, value ?? DBNull.Value);
}
