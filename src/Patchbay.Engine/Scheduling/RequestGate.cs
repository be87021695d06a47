namespace Patchbay.Engine.Scheduling;

/// <summary>
/// Counts the requests that wait, and refuses those beyond the bound with an estimate of when to come again. Entered by callers'
/// threads; the engine loop only leaves, which takes no lock.
/// </summary>
internal sealed class RequestGate(int maxWaiting, int maxWaitingPerAdapter, TimeProvider time)
{
    // The estimate looks back over this many requests that began to run.
    private const int Window = 32;
    private const int MaxCounts = 1024;
    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, Count> _perAdapter = [];
    private readonly long[] _admissions = new long[Window];
    private long _admitted;
    private int _waiting;

    /// <summary>Places that are taken.</summary>
    public int WaitingCount => Volatile.Read(ref _waiting);

    /// <summary>Takes places, all or none: requests of several answers never keep each other's from one another. Null if there are fewer.</summary>
    public QueueSlot[]? TryEnter(int count)
    {
        for (var waiting = Volatile.Read(ref _waiting); ;)
        {
            if (count > maxWaiting - waiting)
            {
                return null;
            }

            var found = Interlocked.CompareExchange(ref _waiting, waiting + count, waiting);
            if (found == waiting)
            {
                break;
            }

            waiting = found;
        }

        var slots = new QueueSlot[count];
        foreach (ref var slot in slots.AsSpan())
        {
            slot = new QueueSlot(this);
        }

        return slots;
    }

    /// <summary>Counts a place for an adapter; false if too many wait for it.</summary>
    /// <param name="slot">The place.</param>
    /// <param name="adapter">Digest of the version or composition; empty for the base model.</param>
    public bool TryAssign(QueueSlot slot, string adapter)
    {
        if (maxWaitingPerAdapter == 0)
        {
            return true;
        }

        lock (_perAdapter)
        {
            if (!_perAdapter.TryGetValue(adapter, out var count))
            {
                Forget();
                _perAdapter[adapter] = count = new Count();
            }

            if (count.Value >= maxWaitingPerAdapter)
            {
                return false;
            }

            count.Increment();
            slot.Assign(count);
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(bool isAdmitted)
    {
        if (isAdmitted)
        {
            _admissions[_admitted % Window] = time.GetTimestamp();
            Volatile.Write(ref _admitted, _admitted + 1);
        }

        Interlocked.Decrement(ref _waiting);
    }

    /// <summary>
    /// When half of those that wait will have begun to run, at the rate of the last ones that did: a client that comes back then
    /// finds room, and the engine has not run dry. From one second to a minute.
    /// </summary>
    public TimeSpan RetryAfter()
    {
        var admitted = Volatile.Read(ref _admitted);
        var known = (int)Math.Min(admitted, Window);
        if (known < 2)
        {
            return s_shortest;
        }

        var span = time.GetElapsedTime(_admissions[(admitted - known) % Window]);
        var wait = span * (WaitingCount / 2.0 / known);
        return wait < s_shortest ? s_shortest : wait > s_longest ? s_longest : wait;
    }

    // Counts without places, of adapters that may never come again.
    private void Forget()
    {
        if (_perAdapter.Count < MaxCounts)
        {
            return;
        }

        foreach (var (adapter, count) in _perAdapter)
        {
            if (count.Value == 0)
            {
                _perAdapter.Remove(adapter);
            }
        }
    }

    /// <summary>Places of one adapter.</summary>
    internal sealed class Count
    {
        private int _value;

        public int Value => Volatile.Read(ref _value);

        public void Increment() => Interlocked.Increment(ref _value);

        public void Decrement() => Interlocked.Decrement(ref _value);
    }
}
