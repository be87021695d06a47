using System.Data.Common;
using System.Globalization;
using System.Reflection;

namespace Patchbay.Control.Journal;

/// <summary>Brings the tables of a journal to this program's version: the embedded files NNN.sql of its folder, in order, each once.</summary>
internal static class JournalMigrations
{
    /// <summary>Runs inside a transaction that no other program writes in.</summary>
    /// <param name="folder">The folder of the statements: <c>Sqlite</c> or <c>Postgres</c>.</param>
    /// <exception cref="JournalException">A later program wrote the tables.</exception>
    public static async Task ApplyAsync(DbTransaction transaction, string folder, CancellationToken cancellation)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "CREATE TABLE IF NOT EXISTS patchbay_migration (number INTEGER PRIMARY KEY)";
        await command.ExecuteNonQueryAsync(cancellation);
        command.CommandText = "SELECT COALESCE(MAX(number), 0) FROM patchbay_migration";
        var applied = Convert.ToInt32(await command.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
        var known = List(folder);
        if (applied > known.Count)
        {
            throw new JournalException($"The journal has format {applied}; this program knows {known.Count}. Start the newer program, or restore a copy.");
        }
        for (var number = applied + 1; number <= known.Count; number++)
        {
            command.CommandText = Read(known[number - 1]);
            await command.ExecuteNonQueryAsync(cancellation);
            command.CommandText = string.Create(CultureInfo.InvariantCulture, $"INSERT INTO patchbay_migration (number) VALUES ({number})");
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    private static List<string> List(string folder) =>
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => IsIn(name, folder)).Order(StringComparer.Ordinal)];

    private static bool IsIn(string name, string folder) =>
        name.EndsWith(".sql", StringComparison.Ordinal) && name.StartsWith(folder, StringComparison.Ordinal);

    private static string Read(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
