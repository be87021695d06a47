using System.Diagnostics.CodeAnalysis;
using Patchbay.Engine.Adapters;

namespace Patchbay.Engine;

/// <summary>
/// The loaded adapter versions. A version is <em>live</em> (can be leased), <em>retired</em> (running generations still hold
/// leases, no new ones are given) or gone; its memory is freed when it is retired and the last lease ends. Looking a
/// version up and counting the lease happen under one lock, so a version cannot disappear between the two.
/// </summary>
internal sealed class AdapterPool : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AdapterDigest, Entry> _live = [];
    private readonly HashSet<Entry> _retired = [];

    /// <summary>Raised on the thread that ended the last lease of a version, outside of the lock.</summary>
    public event Action? LastLeaseEnded;

    public IReadOnlyList<AdapterVersion> Versions
    {
        get
        {
            lock (_lock)
            {
                return [.. _live.Values.Select(entry => entry.Adapter.Version)];
            }
        }
    }

    /// <summary>Leases that are held now, retired versions included.</summary>
    public int LeaseCount
    {
        get
        {
            lock (_lock)
            {
                return _live.Values.Sum(entry => entry.Leases) + _retired.Sum(entry => entry.Leases);
            }
        }
    }

    public int RetiredCount
    {
        get
        {
            lock (_lock)
            {
                return _retired.Count;
            }
        }
    }

    /// <summary>Makes a version live. If the same content is live already, that one stays and the new copy is freed.</summary>
    public AdapterVersion Add(LoraAdapter adapter)
    {
        lock (_lock)
        {
            if (_live.TryGetValue(adapter.Version.Digest, out var present))
            {
                adapter.Dispose();
                return present.Adapter.Version;
            }

            _live.Add(adapter.Version.Digest, new Entry(adapter));
            return adapter.Version;
        }
    }

    public bool TryGet(AdapterDigest digest, [NotNullWhen(true)] out AdapterVersion? version)
    {
        lock (_lock)
        {
            version = _live.TryGetValue(digest, out var entry) ? entry.Adapter.Version : null;
            return version is not null;
        }
    }

    public bool TryAcquire(AdapterDigest digest, [NotNullWhen(true)] out AdapterLease? lease)
    {
        lock (_lock)
        {
            if (!_live.TryGetValue(digest, out var entry))
            {
                lease = null;
                return false;
            }

            entry.Leases++;
            lease = new AdapterLease(this, entry);
            return true;
        }
    }

    /// <summary>Gives no new leases of this version; frees it at the end of the last one.</summary>
    public bool Retire(AdapterDigest digest)
    {
        lock (_lock)
        {
            if (!_live.Remove(digest, out var entry))
            {
                return false;
            }

            if (entry.Leases == 0)
            {
                entry.Adapter.Dispose();
            }
            else
            {
                _retired.Add(entry);
            }

            return true;
        }
    }

    /// <summary>Frees a live version that nobody leases; false, and nothing happens, while somebody does.</summary>
    public bool TryEvict(AdapterVersion version)
    {
        lock (_lock)
        {
            if (!_live.TryGetValue(version.Digest, out var entry) || !ReferenceEquals(entry.Adapter.Version, version) || entry.Leases > 0)
            {
                return false;
            }

            _live.Remove(version.Digest);
            entry.Adapter.Dispose();
            return true;
        }
    }

    /// <summary>Leases of one version that is live or retired; 0 for one that is gone.</summary>
    public int CountLeases(AdapterVersion version)
    {
        lock (_lock)
        {
            return _live.TryGetValue(version.Digest, out var entry) && ReferenceEquals(entry.Adapter.Version, version)
                ? entry.Leases
                : _retired.FirstOrDefault(retired => ReferenceEquals(retired.Adapter.Version, version))?.Leases ?? 0;
        }
    }

    internal void Release(Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Leases > 0)
            {
                return;
            }

            if (_retired.Remove(entry))
            {
                entry.Adapter.Dispose();
            }
        }

        LastLeaseEnded?.Invoke();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var entry in _live.Values.Concat(_retired))
            {
                entry.Adapter.Dispose();
            }

            _live.Clear();
            _retired.Clear();
        }
    }

    internal sealed class Entry(LoraAdapter adapter)
    {
        public LoraAdapter Adapter { get; } = adapter;

        public int Leases { get; set; }
    }
}
