using Patchbay.Engine.Adapters;

namespace Patchbay.Engine;

/// <summary>
/// The right to run on one adapter version. While it is held, the version's weights stay in memory and unchanged, whatever is
/// loaded, replaced or retired meanwhile. Disposing it twice does no harm.
/// </summary>
public sealed class AdapterLease : IDisposable
{
    private readonly AdapterPool _pool;
    private AdapterPool.Entry? _entry;

    internal AdapterLease(AdapterPool pool, AdapterPool.Entry entry)
    {
        _pool = pool;
        _entry = entry;
        Adapter = entry.Adapter;
    }

    /// <summary>The version it was taken on.</summary>
    public AdapterVersion Version => Adapter.Version;

    internal LoraAdapter Adapter { get; }

    /// <summary>Gives the right back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _entry, null) is { } entry)
        {
            _pool.Release(entry);
        }
    }
}
