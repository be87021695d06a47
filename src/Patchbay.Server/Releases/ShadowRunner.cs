using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Patchbay.Control;
using Patchbay.Control.Releases;
using Patchbay.Control.Residency;
using Patchbay.Engine;
using Patchbay.Server.Adapters;
using Patchbay.Server.Answers;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Releases;

/// <summary>What a shadow did beside an alias's own version.</summary>
internal sealed class ShadowComparison(VersionDigest digest, TimeProvider time)
{
    public long Copied, Dropped, Compared, Same;

    public VersionDigest Digest => digest;

    /// <summary>Stable is what callers got, candidate what was thrown away.</summary>
    public ReleaseFigures Figures { get; } = new(time);
}

/// <summary>
/// Answers copies of requests with another version and throws the answers away. A copy begins once its request has the first
/// token, and only runs while nothing waits for the engine: it is dropped when the queue is not empty, and given up when it fills,
/// even where the copy itself still waits.
/// </summary>
internal sealed partial class ShadowRunner(AdapterService adapters, InferenceEngine engine, TimeProvider time, ILogger<ShadowRunner> logger)
{
    private const int MaxAtOnce = 4;
    private const int MaxText = 65_536;
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<string, ShadowComparison> _byAlias = new(StringComparer.Ordinal);
    private int _running;

    /// <summary>What the present shadow of an alias did; null where it has none.</summary>
    public ShadowComparison? Find(string alias) => _byAlias.GetValueOrDefault(alias);

    /// <summary>Answers a copy of a request beside it.</summary>
    /// <returns>The text of the copy, null where it was dropped.</returns>
    public Task<string?> Begin(VersionDigest digest, Question question, AnswerWatch watch)
    {
        var comparison = _byAlias.AddOrUpdate(
            watch.Source.Adapter, _ => new ShadowComparison(digest, time), (_, known) => known.Digest == digest ? known : new ShadowComparison(digest, time));
        return Task.Run(() => BeginAsync(comparison, question, watch));
    }

    /// <summary>Takes up how the answer went that the caller got.</summary>
    public void RecordLive(AnswerRecord record)
    {
        if (_byAlias.TryGetValue(record.Source.Adapter, out var comparison))
        {
            comparison.Figures.Stable.RecordAnswer(ReleaseService.FiguresOf(record));
        }
    }

    /// <summary>Compares the caller's answer with its copy, once there is one.</summary>
    public async Task CompareAsync(string alias, string live, Task<string?> copy)
    {
        if (await copy is { } text && _byAlias.TryGetValue(alias, out var comparison))
        {
            Interlocked.Increment(ref comparison.Compared);
            Interlocked.Add(ref comparison.Same, text == live ? 1 : 0);
        }
    }

    private async Task<string?> BeginAsync(ShadowComparison comparison, Question question, AnswerWatch watch)
    {
        // Until then the request itself may be the one that waits.
        while (watch.IsWaiting && !watch.HasEnded)
        {
            await Task.Delay(LookInterval, time);
        }
        if (watch.IsWaiting || !TryEnter())
        {
            Interlocked.Increment(ref comparison.Dropped);
            return null;
        }
        return await RunAsync(comparison, comparison.Digest, question);
    }

    private bool TryEnter()
    {
        if (engine.Statistics.WaitingSequences > 0)
        {
            return false;
        }
        if (Interlocked.Increment(ref _running) <= MaxAtOnce)
        {
            return true;
        }
        Interlocked.Decrement(ref _running);
        return false;
    }

    private async Task<string?> RunAsync(ShadowComparison comparison, VersionDigest digest, Question question)
    {
        try
        {
            return await AnswerAsync(comparison, digest, question);
        }
        catch (RequestRefusedException refusal) when (refusal.Reason == RequestRefusal.QueueFull)
        {
            Interlocked.Increment(ref comparison.Dropped);
            return null;
        }
        catch (Exception failure)
        {
            // A shadow that fails is what it is there to show; nobody waits for its answer.
            comparison.Figures.Candidate.RecordAnswer(new AnswerFigures(true, 0, "error", null, null));
            Log.Failed(logger, digest.Abbreviation, failure.GetType().Name);
            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private async Task<string?> AnswerAsync(ShadowComparison comparison, VersionDigest digest, Question question)
    {
        var acquired = await adapters.Residency.AcquireAsync(digest, CancellationToken.None);
        if (acquired.Outcome is AcquireOutcome.Busy or AcquireOutcome.NoRoom)
        {
            // The memory is for what callers wait for; that says nothing about the version.
            Interlocked.Increment(ref comparison.Dropped);
            return null;
        }
        if (acquired.Lease is not { } lease)
        {
            throw new InvalidOperationException(acquired.Problem);
        }
        var generation = engine.GenerateText(question.ToRequest(0, 0, [new AdapterWeight(lease, 1)]), question.Options.StopStrings, CancellationToken.None);
        var copy = new Copy(time);
        var reading = copy.ReadAsync(generation);
        var isGivenUp = false;
        while (await Task.WhenAny(reading, Task.Delay(LookInterval, time)) != reading)
        {
            // One that has no token yet may be the one that waits; then nobody else does.
            if (!isGivenUp && engine.Statistics.WaitingSequences > (copy.HasBegun ? 0 : 1))
            {
                generation.Generation.Cancel();
                isGivenUp = true;
            }
        }
        await reading;
        if (isGivenUp)
        {
            Interlocked.Increment(ref comparison.Dropped);
            return null;
        }
        Interlocked.Increment(ref comparison.Copied);
        comparison.Figures.Candidate.RecordAnswer(copy.FiguresOf(generation.CompletionTokenCount));
        return copy.Text;
    }

    // The answer of a copy while it comes.
    private sealed class Copy(TimeProvider time)
    {
        private readonly StringBuilder _text = new();
        private readonly long _started = time.GetTimestamp();
        private TimeSpan? _first;
        private FinishReason _finish;
        private volatile bool _hasBegun;

        public bool HasBegun => _hasBegun;

        public string Text => _text.ToString();

        public async Task ReadAsync(TextGeneration generation)
        {
            await foreach (var delta in generation)
            {
                _first ??= time.GetElapsedTime(_started);
                _hasBegun = true;
                _finish = delta.Finish;
                if (_text.Length < MaxText)
                {
                    _text.Append(delta.Text);
                }
            }
        }

        public AnswerFigures FiguresOf(int tokens) => new(
            false, tokens, _finish == FinishReason.Length ? "length" : "stop", _first?.TotalSeconds,
            _first is { } first && tokens > 1 ? (time.GetElapsedTime(_started) - first).TotalSeconds / (tokens - 1) : null);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The shadow version {Digest} gave no answer: {Problem}")]
        public static partial void Failed(ILogger logger, string digest, string problem);
    }
}
