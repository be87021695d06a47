using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Patchbay.Control.Residency;

/// <summary>
/// Which versions are in memory. Knows digests, directories and bytes; reading and leasing are the loader's work.
/// <code>
/// disk ─ ask ─ queue for room ─ evict, reserve ─ load ─ ready ─ evict ─ disk
/// </code>
/// A version that is ready is leased without a lock of this class. Everything else happens under one lock, which is never
/// held while a file is read: however many callers ask for a version, it is loaded once, and each of them leaves with a lease
/// before anyone can evict it. The queue for room is first come, first served; nothing is evicted for a caller who left.
/// </summary>
/// <param name="loader">Reads, leases and frees versions.</param>
/// <param name="options">Budget and patience.</param>
/// <param name="time">The clock.</param>
/// <param name="scheduler">Where loads begin; null is the thread pool.</param>
public sealed class AdapterResidency<TAdapter, TLease>(
    IAdapterLoader<TAdapter, TLease> loader, ResidencyOptions options, TimeProvider time, TaskScheduler? scheduler = null) : IDisposable
    where TAdapter : class
    where TLease : class, IDisposable
{
    private static readonly Acquisition<TLease> WasRemoved = new(AcquireOutcome.Unknown, null, "The version was removed meanwhile.");

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<VersionDigest, ResidencyEntry<TAdapter, TLease>> _entries = new();
    private readonly LinkedList<ResidencyEntry<TAdapter, TLease>> _queue = [];
    private readonly HashSet<ResidencyEntry<TAdapter, TLease>> _leaving = [];
    private readonly HashSet<ResidencyEntry<TAdapter, TLease>> _unloading = [];
    private readonly AdapterRoom<TAdapter, TLease> _room = new(loader, options.BudgetBytes);
    private readonly TaskFactory _tasks = new(scheduler ?? TaskScheduler.Default);
    private long _uses;
    private long _loads;
    private int _loading;
    private int _waiters;

    // Those who wait for a lease to end, or more. Raised before leases are counted, so that no end is missed in between.
    private int _watchers;
    private int _isRevisiting;
    private bool _isListening;
    private bool _isDisposed;

    /// <summary>Told of loads and evictions, after they happened and outside of all locks.</summary>
    public event Action<ResidencyEvent>? Happened;

    /// <summary>The memory of all versions together.</summary>
    public ResidencyTotals Totals
    {
        get
        {
            lock (_lock)
            {
                return new ResidencyTotals(_room.Budget, _room.ReadyBytes, _room.ReservedBytes, _waiters, _loads, _room.Evictions);
            }
        }
    }

    /// <summary>Makes a version known; its files are read when it is asked for. A known version keeps what it is.</summary>
    /// <param name="digest">The version.</param>
    /// <param name="path">The directory of its files; null where they are not on this machine.</param>
    /// <param name="bytes">Memory that it is expected to take.</param>
    public void Register(VersionDigest digest, string? path, long bytes)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!_isListening)
            {
                _isListening = true;
                loader.LastLeaseEnded += OnLastLeaseEnded;
            }
            var entry = _entries.GetOrAdd(digest, static (digest, given) => new(digest, given.path, given.bytes), (path, bytes));
            entry.Path = path ?? entry.Path;
            entry.IsRemoved = false;
        }
    }

    /// <summary>Sets what decides when a version makes room.</summary>
    public void Rank(VersionDigest digest, AdapterPriority priority, bool isPinned)
    {
        Change(effects =>
        {
            if (_entries.TryGetValue(digest, out var entry))
            {
                entry.Priority = priority;
                entry.IsPinned = isPinned;
                Serve(effects);
            }
        });
    }

    /// <summary>Leases a version that is in memory. Takes no lock but the loader's own.</summary>
    public bool TryAcquire(VersionDigest digest, [NotNullWhen(true)] out TLease? lease)
    {
        if (_entries.TryGetValue(digest, out var entry) && entry.Adapter is { } adapter && loader.TryLease(adapter, out lease))
        {
            entry.Touch(Interlocked.Increment(ref _uses), time.GetUtcNow().UtcTicks);
            return true;
        }
        lease = null;
        return false;
    }

    /// <summary>Leases a version, loading it first if need be.</summary>
    /// <exception cref="OperationCanceledException">The caller left; nothing was evicted for it from then on.</exception>
    public ValueTask<Acquisition<TLease>> AcquireAsync(VersionDigest digest, CancellationToken cancellation = default) =>
        TryAcquire(digest, out var lease)
            ? new(new Acquisition<TLease>(AcquireOutcome.Leased, lease))
            : new(WaitAsync(digest, cancellation));

    /// <summary>Frees a version's memory now, or when its last lease ends; it stays known and is loaded again when it is asked for.</summary>
    public UnloadOutcome Unload(VersionDigest digest)
    {
        var outcome = UnloadOutcome.NotLoaded;
        Change(effects =>
        {
            if (_entries.TryGetValue(digest, out var entry) && entry.Adapter is not null)
            {
                Interlocked.Increment(ref _watchers);
                _unloading.Add(entry);
                outcome = TryFinishUnload(entry, effects) ? UnloadOutcome.Unloaded : UnloadOutcome.WhenFree;
                Serve(effects);
            }
        });
        return outcome;
    }

    /// <summary>Takes a version away: nobody gets it from now on, and its memory is free when the last lease ends.</summary>
    public void Remove(VersionDigest digest)
    {
        Change(effects =>
        {
            if (!_entries.TryGetValue(digest, out var entry))
            {
                return;
            }
            entry.IsRemoved = true;
            Dequeue(entry);
            Refuse(entry, WasRemoved);
            if (entry.Load is { } load)
            {
                // It stays here until the reader is done with it, so that one digest is never read twice at once.
                effects.Cancel(load);
                return;
            }
            _entries.TryRemove(digest, out _);
            if (entry.Adapter is { } adapter)
            {
                Interlocked.Increment(ref _watchers);
                _leaving.Add(entry);
                loader.Retire(adapter);
                FinishLeaving(effects);
            }
            Serve(effects);
        });
    }

    /// <summary>Where a version is now; null for an unknown one.</summary>
    public ResidentState? Find(VersionDigest digest)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(digest, out var entry) && !entry.IsRemoved ? StateOf(entry) : null;
        }
    }

    /// <summary>Ends all waits and loads; what is in memory stays the loader's.</summary>
    public void Dispose()
    {
        Change(effects =>
        {
            if (_isDisposed)
            {
                return;
            }
            _isDisposed = true;
            loader.LastLeaseEnded -= OnLastLeaseEnded;
            foreach (var entry in _entries.Values)
            {
                Dequeue(entry);
                Refuse(entry, new(AcquireOutcome.Busy, null, "The server is shutting down."));
                effects.Cancel(entry.Load);
            }
        });
    }

    private async Task<Acquisition<TLease>> WaitAsync(VersionDigest digest, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var waiter = new ResidencyWaiter<TLease>();
        ResidencyEntry<TAdapter, TLease>? entry = null;
        Change(effects =>
        {
            if (FindAnswer(digest, out entry) is { } answer)
            {
                waiter.SetResult(answer);
                return;
            }
            entry!.Waiters.Add(waiter);
            _waiters++;
            Enqueue(entry);
            Serve(effects);
        });
        await using var leave = cancellation.UnsafeRegister(_ => Leave(entry, waiter, cancellation), null);
        return await waiter.Task;
    }

    // What can be said at once; null where the caller has to wait.
    private Acquisition<TLease>? FindAnswer(VersionDigest digest, out ResidencyEntry<TAdapter, TLease>? entry)
    {
        if (!_entries.TryGetValue(digest, out entry) || entry.IsRemoved || _isDisposed)
        {
            return new(AcquireOutcome.Unknown, null, "No such version is known.");
        }
        if (TryAcquire(digest, out var lease))
        {
            return new(AcquireOutcome.Leased, lease);
        }
        if (entry is { Problem: not null, Load: null, Place: null } && RetryPause(entry) is { Ticks: > 0 } pause)
        {
            return FailureOf(entry, pause);
        }
        if (entry.Path is null)
        {
            return new(AcquireOutcome.Failed, null, "The files of this version are not on this machine.");
        }
        return _waiters < options.MaxWaiters
            ? null
            : new(AcquireOutcome.Busy, null, $"{_waiters} callers wait for adapters already.", options.MaxWaitForRoom);
    }

    private void Leave(ResidencyEntry<TAdapter, TLease>? entry, ResidencyWaiter<TLease> waiter, CancellationToken cancellation)
    {
        Change(effects =>
        {
            if (entry is null || !entry.Waiters.Remove(waiter))
            {
                return;
            }
            _waiters--;
            waiter.TrySetCanceled(cancellation);
            if (entry.Waiters.Count == 0)
            {
                Dequeue(entry);
                effects.Cancel(entry.Load);
                Serve(effects);
            }
        });
    }

    private void Enqueue(ResidencyEntry<TAdapter, TLease> entry)
    {
        if (entry.Place is not null || entry.Load is not null)
        {
            return;
        }
        Interlocked.Increment(ref _watchers);
        entry.Place = _queue.AddLast(entry);
        entry.Patience ??= time.CreateTimer(_ => GiveUp(entry), null, options.MaxWaitForRoom, Timeout.InfiniteTimeSpan);
    }

    private void Dequeue(ResidencyEntry<TAdapter, TLease> entry)
    {
        if (entry.Place is { } place)
        {
            _queue.Remove(place);
            entry.Place = null;
            entry.Patience?.Dispose();
            entry.Patience = null;
        }
    }

    private void GiveUp(ResidencyEntry<TAdapter, TLease> entry)
    {
        Change(effects =>
        {
            if (entry.Place is not null)
            {
                Dequeue(entry);
                Refuse(entry, new(AcquireOutcome.Busy, null, "No memory for this adapter became free in time: running answers hold it.", options.MaxWaitForRoom));
                Serve(effects);
            }
        });
    }

    // Starts the load of whoever is first, as long as there is room and a reader.
    private void Serve(ResidencyEffects effects)
    {
        while (!_isDisposed && _queue.First?.Value is { } entry && _loading < options.MaxConcurrentLoads)
        {
            if (!_room.CouldFit(entry.Bytes, PinnedOnTheWay(entry)))
            {
                Dequeue(entry);
                Refuse(entry, DoesNotFit(entry));
                continue;
            }
            if (!_room.TryMake(entry.Bytes, effects.Events))
            {
                return;
            }
            Dequeue(entry);
            _room.Reserve(entry.Bytes);
            _loading++;
            entry.Load = new CancellationTokenSource();
            var (reserved, cancellation) = (entry.Bytes, entry.Load.Token);
            _tasks.StartNew(() => LoadAsync(entry, reserved, cancellation));
        }
    }

    private long PinnedOnTheWay(ResidencyEntry<TAdapter, TLease> asking) =>
        _entries.Values.Where(entry => entry is { IsPinned: true, Load: not null } && entry != asking).Sum(entry => entry.Bytes);

    private Acquisition<TLease> DoesNotFit(ResidencyEntry<TAdapter, TLease> entry) => new(
        AcquireOutcome.NoRoom, null, $"The version takes {entry.Bytes} bytes; the memory for adapters is {_room.Budget} bytes, less what is pinned.");

    private async Task LoadAsync(ResidencyEntry<TAdapter, TLease> entry, long reserved, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        LoadedAdapter<TAdapter>? loaded = null;
        Exception? problem = null;
        try
        {
            loaded = await loader.LoadAsync(entry.Digest, entry.Path!, cancellation);
        }
        catch (Exception failure)
        {
            // Told to those who wait; a bug in the loader must not leave them waiting.
            problem = failure;
        }
        var elapsed = time.GetElapsedTime(started);
        Change(effects =>
        {
            _loading--;
            _room.Unreserve(reserved);
            entry.Load = null;
            if (entry.IsRemoved)
            {
                _entries.TryRemove(entry.Digest, out _);
            }
            if (loaded is { } done)
            {
                entry.LoadTime = elapsed;
                Settle(entry, done, effects);
            }
            else if (cancellation.IsCancellationRequested)
            {
                // Somebody may have come after the last one left.
                if (entry.Waiters.Count > 0)
                {
                    Enqueue(entry);
                }
            }
            else
            {
                Fail(entry, problem!);
                effects.Events.Add(new ResidencyEvent(ResidencyEventKind.Failed, entry.Digest, entry.Bytes, elapsed, problem));
            }
            Serve(effects);
        });
    }

    private void Settle(ResidencyEntry<TAdapter, TLease> entry, LoadedAdapter<TAdapter> loaded, ResidencyEffects effects)
    {
        entry.Bytes = loaded.Bytes;
        if (entry.IsRemoved || _isDisposed || !_room.TryMake(loaded.Bytes, effects.Events))
        {
            // Nobody has a lease on it. If only its size was underestimated, it queues again with the true one.
            loader.Retire(loaded.Adapter);
            if (entry.Waiters.Count > 0)
            {
                Enqueue(entry);
            }
            return;
        }
        (entry.Problem, entry.Failures, entry.IsOutOfMemory) = (null, 0, false);
        _loads++;
        _unloading.Remove(entry);
        _room.Add(entry);
        entry.Adapter = loaded.Adapter;
        effects.Events.Add(new ResidencyEvent(ResidencyEventKind.Loaded, entry.Digest, entry.Bytes, entry.LoadTime ?? default));
        // Before anyone can evict it again; evicting needs the lock that is held here.
        foreach (var waiter in TakeWaiters(entry))
        {
            if (!TryAcquire(entry.Digest, out var lease) || !waiter.TrySetResult(new(AcquireOutcome.Leased, lease)))
            {
                lease?.Dispose();
                waiter.TrySetResult(WasRemoved);
            }
        }
    }

    private void Fail(ResidencyEntry<TAdapter, TLease> entry, Exception problem)
    {
        entry.Problem = problem is AdapterLoadException told ? told.Message : "The version could not be loaded; the server's log has the cause.";
        entry.IsOutOfMemory = problem is AdapterLoadException { IsOutOfMemory: true };
        entry.Failures++;
        entry.FailedAt = time.GetTimestamp();
        Refuse(entry, FailureOf(entry, RetryPause(entry)));
    }

    private static Acquisition<TLease> FailureOf(ResidencyEntry<TAdapter, TLease> entry, TimeSpan pause) =>
        new(entry.IsOutOfMemory ? AcquireOutcome.NoRoom : AcquireOutcome.Failed, null, entry.Problem, pause);

    private TimeSpan RetryPause(ResidencyEntry<TAdapter, TLease> entry)
    {
        var doubled = options.FirstRetryPause * Math.Pow(2, Math.Min(entry.Failures - 1, 30));
        var pause = doubled < options.LongestRetryPause ? doubled : options.LongestRetryPause;
        return pause - time.GetElapsedTime(entry.FailedAt);
    }

    private void Refuse(ResidencyEntry<TAdapter, TLease> entry, Acquisition<TLease> answer)
    {
        foreach (var waiter in TakeWaiters(entry))
        {
            waiter.TrySetResult(answer);
        }
    }

    private ResidencyWaiter<TLease>[] TakeWaiters(ResidencyEntry<TAdapter, TLease> entry)
    {
        ResidencyWaiter<TLease>[] waiters = [.. entry.Waiters];
        entry.Waiters.Clear();
        _waiters -= waiters.Length;
        return waiters;
    }

    // On the thread that ended the lease, which may be the engine's: it must not do more than this.
    private void OnLastLeaseEnded()
    {
        if (Volatile.Read(ref _watchers) > 0 && Interlocked.Exchange(ref _isRevisiting, 1) == 0)
        {
            _tasks.StartNew(Revisit);
        }
    }

    private void Revisit()
    {
        Volatile.Write(ref _isRevisiting, 0);
        Change(effects =>
        {
            FinishLeaving(effects);
            foreach (var entry in _unloading.ToArray())
            {
                TryFinishUnload(entry, effects);
            }
            Serve(effects);
        });
    }

    private bool TryFinishUnload(ResidencyEntry<TAdapter, TLease> entry, ResidencyEffects effects)
    {
        if (entry is { Adapter: { } adapter, IsRemoved: false })
        {
            if (!loader.TryEvict(adapter))
            {
                return false;
            }
            effects.Events.Add(new ResidencyEvent(ResidencyEventKind.Unloaded, entry.Digest, entry.Bytes));
            _room.Remove(entry);
        }
        return _unloading.Remove(entry);
    }

    private void FinishLeaving(ResidencyEffects effects)
    {
        foreach (var entry in _leaving.Where(entry => loader.CountLeases(entry.Adapter!) == 0).ToArray())
        {
            _leaving.Remove(entry);
            effects.Events.Add(new ResidencyEvent(ResidencyEventKind.Removed, entry.Digest, entry.Bytes));
            _room.Remove(entry);
        }
    }

    private ResidentState StateOf(ResidencyEntry<TAdapter, TLease> entry) => new(
        entry.Digest, entry.Tier, entry.Bytes, entry.Adapter is { } adapter ? loader.CountLeases(adapter) : 0,
        entry.IsPinned, entry.Priority, entry.LastUsed, entry.LoadTime, entry.Problem);

    private void Change(Action<ResidencyEffects> change)
    {
        var effects = new ResidencyEffects();
        lock (_lock)
        {
            change(effects);
            Volatile.Write(ref _watchers, _queue.Count + _leaving.Count + _unloading.Count);
        }
        // Other people's code runs outside of the lock.
        effects.Run(Happened);
    }
}
