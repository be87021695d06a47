namespace Patchbay.Control.Residency;

/// <summary>All state of one version. Everything but <see cref="Adapter"/> and the marks of use belongs to the residency's lock.</summary>
internal sealed class ResidencyEntry<TAdapter, TLease>(VersionDigest digest, string? path, long bytes)
    where TAdapter : class
    where TLease : class, IDisposable
{
    private volatile TAdapter? _adapter;
    private long _lastUse;
    private long _lastUsedTicks;

    public VersionDigest Digest => digest;

    public string? Path { get; set; } = path;

    /// <summary>Memory that it takes; an estimate until it was loaded once.</summary>
    public long Bytes { get; set; } = bytes;

    /// <summary>Null unless it is ready; read without the lock.</summary>
    public TAdapter? Adapter
    {
        get => _adapter;
        set => _adapter = value;
    }

    public AdapterPriority Priority { get; set; } = AdapterPriority.Normal;

    public bool IsPinned { get; set; }

    /// <summary>Whether nobody may have it any more.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>In the order in which they came.</summary>
    public List<ResidencyWaiter<TLease>> Waiters { get; } = [];

    /// <summary>Its place in the queue for room; null where it is not in there.</summary>
    public LinkedListNode<ResidencyEntry<TAdapter, TLease>>? Place { get; set; }

    /// <summary>Ends the wait for room.</summary>
    public ITimer? Patience { get; set; }

    /// <summary>Of the load that runs; null where none does.</summary>
    public CancellationTokenSource? Load { get; set; }

    public string? Problem { get; set; }

    public bool IsOutOfMemory { get; set; }

    public int Failures { get; set; }

    /// <summary>Timestamp of the last failure.</summary>
    public long FailedAt { get; set; }

    public TimeSpan? LoadTime { get; set; }

    /// <summary>Greater for later uses; 0 for never.</summary>
    public long LastUse => Volatile.Read(ref _lastUse);

    public DateTimeOffset? LastUsed => Volatile.Read(ref _lastUsedTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    public AdapterTier Tier => this switch
    {
        { Adapter: not null } => AdapterTier.Ready,
        { Place: not null } or { Load: not null } => AdapterTier.Loading,
        { Problem: not null } => AdapterTier.Failed,
        { Path: null } => AdapterTier.Remote,
        _ => AdapterTier.Disk,
    };

    public void Touch(long use, long ticks)
    {
        Volatile.Write(ref _lastUse, use);
        Volatile.Write(ref _lastUsedTicks, ticks);
    }
}

/// <summary>A caller that waits for a version.</summary>
internal sealed class ResidencyWaiter<TLease>() : TaskCompletionSource<Acquisition<TLease>>(TaskCreationOptions.RunContinuationsAsynchronously)
    where TLease : class, IDisposable;
