namespace Patchbay.Control.Residency;

/// <summary>
/// The memory for adapters: what is in it, what is on its way, and who goes when more is needed. Belongs to the residency's lock.
/// </summary>
internal sealed class AdapterRoom<TAdapter, TLease>(IAdapterLoader<TAdapter, TLease> loader, long? budget)
    where TAdapter : class
    where TLease : class, IDisposable
{
    private readonly HashSet<ResidencyEntry<TAdapter, TLease>> _present = [];

    /// <summary>Most bytes; null is without a bound.</summary>
    public long? Budget => budget;

    /// <summary>Of versions in memory.</summary>
    public long ReadyBytes { get; private set; }

    /// <summary>Of versions that are read just now.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>Versions that made room for others.</summary>
    public long Evictions { get; private set; }

    public void Reserve(long bytes) => ReservedBytes += bytes;

    public void Unreserve(long bytes) => ReservedBytes -= bytes;

    public void Add(ResidencyEntry<TAdapter, TLease> entry)
    {
        _present.Add(entry);
        ReadyBytes += entry.Bytes;
    }

    /// <summary>Books the memory of a version as free.</summary>
    public void Remove(ResidencyEntry<TAdapter, TLease> entry)
    {
        if (_present.Remove(entry))
        {
            ReadyBytes -= entry.Bytes;
            entry.Adapter = null;
        }
    }

    /// <summary>Whether a version would fit if every version went that may go.</summary>
    /// <param name="bytes">Its size.</param>
    /// <param name="pinnedBytes">Of pinned versions that are on their way.</param>
    public bool CouldFit(long bytes, long pinnedBytes) =>
        budget is not { } most || bytes + pinnedBytes + _present.Where(entry => entry.IsPinned).Sum(entry => entry.Bytes) <= most;

    /// <summary>Evicts what must go for <paramref name="bytes"/> more: nothing at all where that would not be enough.</summary>
    public bool TryMake(long bytes, List<ResidencyEvent> events)
    {
        while (budget is { } most && Missing(bytes, most) is > 0 and var missing)
        {
            if (Victims(missing) is not { } victims)
            {
                return false;
            }
            // One that was leased in this very moment stays; the next round looks for another.
            foreach (var victim in victims)
            {
                if (Missing(bytes, most) > 0 && loader.TryEvict(victim.Adapter!))
                {
                    Evictions++;
                    events.Add(new ResidencyEvent(ResidencyEventKind.EvictedForRoom, victim.Digest, victim.Bytes));
                    Remove(victim);
                }
            }
        }
        return true;
    }

    private long Missing(long bytes, long most) => ReadyBytes + ReservedBytes + bytes - most;

    private List<ResidencyEntry<TAdapter, TLease>>? Victims(long missing)
    {
        var victims = new List<ResidencyEntry<TAdapter, TLease>>();
        var idle = _present
            .Where(entry => !entry.IsPinned && !entry.IsRemoved)
            .OrderBy(entry => entry.Priority)
            .ThenBy(entry => entry.LastUse);
        foreach (var entry in idle)
        {
            if (loader.CountLeases(entry.Adapter!) == 0)
            {
                victims.Add(entry);
                missing -= entry.Bytes;
            }
            if (missing <= 0)
            {
                return victims;
            }
        }
        return null;
    }
}
