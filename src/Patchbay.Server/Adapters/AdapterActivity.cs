using System.Collections.Concurrent;

namespace Patchbay.Server.Adapters;

/// <summary>How much each adapter answered since the start, by name. Bounded: a name that is not served is not counted.</summary>
internal sealed class AdapterActivity(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Counter> _counters = new(StringComparer.Ordinal);

    /// <summary>Counts an answer that ended.</summary>
    public void Add(string adapter, long tokens)
    {
        var counter = _counters.GetOrAdd(adapter, static _ => new Counter());
        lock (counter)
        {
            counter.Requests++;
            counter.Tokens += tokens;
            counter.Recent = counter.Decayed(time.GetTimestamp(), time) + tokens;
            counter.At = time.GetTimestamp();
        }
    }

    /// <summary>What one adapter did.</summary>
    public (long Requests, long Tokens, double TokensPerSecond) Of(string adapter)
    {
        if (!_counters.TryGetValue(adapter, out var counter))
        {
            return default;
        }
        lock (counter)
        {
            return (counter.Requests, counter.Tokens, counter.Decayed(time.GetTimestamp(), time) / Counter.Memory.TotalSeconds);
        }
    }

    /// <summary>Forgets an adapter that is gone.</summary>
    public void Forget(string adapter) => _counters.TryRemove(adapter, out _);

    private sealed class Counter
    {
        // A rate over about the last half minute: an exponential average needs no list of times.
        public static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

        public long Requests { get; set; }

        public long Tokens { get; set; }

        public double Recent { get; set; }

        public long At { get; set; }

        public double Decayed(long now, TimeProvider time) => Recent * Math.Exp(-time.GetElapsedTime(At, now) / Memory);
    }
}
