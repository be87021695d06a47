using Patchbay.Control.Journal;
using Patchbay.Control.Versions;

namespace Patchbay.Control;

/// <summary>
/// One directory with everything that outlives a server: <c>control.db</c> (or a database elsewhere), <c>audit.anchor</c>,
/// <c>versions/</c>. One process at a time; a second one is refused.
/// </summary>
public sealed class ControlDataDirectory : IAsyncDisposable
{
    private const string JournalFile = "control.db";

    private readonly FileStream? _lock;
    private readonly string? _temporary;

    private ControlDataDirectory(IJournal journal, VersionStore store, FileStream? @lock, string? temporary)
    {
        Journal = journal;
        Store = store;
        _lock = @lock;
        _temporary = temporary;
    }

    /// <summary>Documents and audit chain.</summary>
    public IJournal Journal { get; }

    /// <summary>Files of the versions.</summary>
    public VersionStore Store { get; }

    /// <summary>Opens a directory, making it where there is none.</summary>
    /// <param name="connectionString">A PostgreSQL database for the journal; null is a SQLite file in the directory.</param>
    /// <exception cref="JournalException">Another process has it, or the journal cannot be opened.</exception>
    /// <exception cref="VersionRefusedException">The directory cannot be written.</exception>
    public static async Task<ControlDataDirectory> OpenAsync(
        string directory, string? connectionString, TimeProvider time, CancellationToken cancellation)
    {
        VersionStore.Guard(() => Directory.CreateDirectory(directory));
        var held = Lock(Path.Combine(directory, "lock"));
        try
        {
            var store = VersionStore.Open(directory);
            IJournal database = connectionString is null
                ? await SqliteJournal.OpenAsync(Path.Combine(directory, JournalFile), cancellation)
                : await PostgresJournal.OpenAsync(connectionString, cancellation);
            try
            {
                var journal = await AnchoredJournal.OpenAsync(database, Path.Combine(directory, AuditAnchor.FileName), time, cancellation);
                return new ControlDataDirectory(journal, store, held, null);
            }
            catch
            {
                await database.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>A journal in memory and a store in a directory that ends with it, for a server that keeps nothing.</summary>
    /// <exception cref="VersionRefusedException">The system's temporary directory cannot be written.</exception>
    public static ControlDataDirectory OpenTemporary()
    {
        string? directory = null;
        VersionStore.Guard(() => directory = Directory.CreateTempSubdirectory("patchbay-").FullName);
        return new ControlDataDirectory(new MemoryJournal(), VersionStore.OpenTemporary(directory!), null, directory);
    }

    /// <summary>Where the journal of a directory and its anchor are, for those who only read them.</summary>
    public static (string Journal, string Anchor) FindJournal(string directory) =>
        (Path.Combine(directory, JournalFile), Path.Combine(directory, AuditAnchor.FileName));

    /// <summary>Closes the journal and lets another process in; a temporary directory is taken away.</summary>
    public async ValueTask DisposeAsync()
    {
        await Journal.DisposeAsync();
        if (_lock is not null)
        {
            await _lock.DisposeAsync();
        }
        if (_temporary is not null)
        {
            Store.TryDelete(_temporary);
        }
    }

    private static FileStream Lock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new JournalException("Another process uses this data directory; stop it or name another directory.", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw VersionStore.Translate(exception);
        }
    }
}
