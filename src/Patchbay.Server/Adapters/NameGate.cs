namespace Patchbay.Server.Adapters;

/// <summary>Lets one caller at a time through for each name. Holds memory only for names that somebody uses or waits for.</summary>
internal sealed class NameGate
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Waits for the name; disposing the result lets the next one in.</summary>
    public async Task<IDisposable> EnterAsync(string name, CancellationToken cancellation)
    {
        Entry? entry;
        lock (_lock)
        {
            if (!_entries.TryGetValue(name, out entry))
            {
                _entries.Add(name, entry = new Entry());
            }
            entry.Users++;
        }
        try
        {
            await entry.Semaphore.WaitAsync(cancellation);
        }
        catch
        {
            Leave(name, entry);
            throw;
        }
        return new Passage(this, name, entry);
    }

    private void Leave(string name, Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Users == 0)
            {
                _entries.Remove(name);
                entry.Semaphore.Dispose();
            }
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Passage(NameGate gate, string name, Entry entry) : IDisposable
    {
        private bool _left;

        public void Dispose()
        {
            if (!_left)
            {
                _left = true;
                entry.Semaphore.Release();
                gate.Leave(name, entry);
            }
        }
    }
}
