using System.Collections.Concurrent;

namespace Patchbay.Server.Observability;

/// <summary>Knows the requests that run now and tells of those that ended.</summary>
internal sealed class AnswerLedger(TimeProvider time, IReadOnlyList<IAnswerSink> sinks)
{
    private volatile IAnswerSink[] _sinks = [.. sinks];
    private readonly ConcurrentDictionary<AnswerWatch, byte> _running = new(ReferenceEqualityComparer.Instance);
    private readonly ConcurrentDictionary<string, long> _refusals = new(StringComparer.Ordinal);

    public TimeProvider Time { get; } = time;

    /// <summary>How many requests were refused, by the code that their callers got.</summary>
    public IEnumerable<KeyValuePair<string, long>> Refusals => _refusals;

    /// <summary>Requests that run now, in no order.</summary>
    public IEnumerable<AnswerWatch> Running => _running.Keys;

    /// <summary>Tells one more; called once, before requests are admitted.</summary>
    public void Attach(IAnswerSink sink) => _sinks = [.. _sinks, sink];

    /// <summary>Begins to watch a request that has been routed.</summary>
    public AnswerWatch Begin(string id, string operation, string actor, AnswerSource source, int answers)
    {
        var watch = new AnswerWatch(this, id, operation, actor, source, answers);
        _running.TryAdd(watch, 0);
        return watch;
    }

    /// <summary>Counts a request that got an error instead of an answer.</summary>
    public void Refuse(string code) => _refusals.AddOrUpdate(code, 1, static (_, count) => count + 1);

    internal void OnEnd(AnswerWatch watch, AnswerRecord record)
    {
        _running.TryRemove(watch, out _);
        foreach (var sink in _sinks)
        {
            sink.Record(record);
        }
    }
}
