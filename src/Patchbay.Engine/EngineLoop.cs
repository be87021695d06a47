using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Patchbay.Engine.Layers;
using Patchbay.Engine.Models;
using Patchbay.Engine.Sampling;
using Patchbay.Engine.Scheduling;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine;

/// <summary>
/// The thread that makes tokens: inbox → plan → forward → sample → publish. It never waits for disk, network or a lock; it
/// sleeps only when there is nothing to do.
/// </summary>
internal sealed class EngineLoop : IDisposable
{
    // Rows of prompt logits that are held at once.
    private const int PromptLogitRows = 64;

    private readonly DecoderModel _model;
    private readonly Scheduler _scheduler;
    private readonly ForwardBatch _batch;
    private readonly Sampler _sampler;
    private readonly LogProbabilities _logProbabilities;
    private readonly StepPlan _plan = new();
    private readonly List<int> _rows = [];
    private readonly List<int> _tokens = new(1 + PromptLookup.MaxDraft);
    private readonly ConcurrentQueue<Sequence> _inbox = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly Thread _thread;
    private volatile bool _isStopping;
    private int _waiting;

    public EngineLoop(DecoderModel model, Scheduler scheduler, ForwardBatch batch)
    {
        _model = model;
        _scheduler = scheduler;
        _batch = batch;
        _sampler = new Sampler(batch.Pool.Path);
        _logProbabilities = new LogProbabilities(batch.Pool.Path);
        _thread = new Thread(Run) { IsBackground = true, Name = "patchbay-engine" };
    }

    /// <summary>Told of an exception in a step; the requests of the step have been refused then, and the loop goes on.</summary>
    public Action<Exception>? StepFailed { get; set; }

    public long StepCount { get; private set; }

    public long GeneratedTokenCount { get; private set; }

    public long DraftedTokenCount { get; private set; }

    public long AcceptedDraftTokenCount { get; private set; }

    /// <summary>Requests that are not running yet.</summary>
    public int WaitingCount => Volatile.Read(ref _waiting);

    public void Start() => _thread.Start();

    public void Submit(Sequence sequence)
    {
        Interlocked.Increment(ref _waiting);
        _inbox.Enqueue(sequence);
        _work.Release();
    }

    /// <summary>Ends all generations and the thread.</summary>
    public void Dispose()
    {
        _isStopping = true;
        _work.Release();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _work.Dispose();
    }

    /// <summary>One step; false if there was nothing to compute. Called by the loop's own thread once it is started.</summary>
    public bool TryStep()
    {
        ReadInbox();
        _scheduler.Plan(_plan);
        Volatile.Write(ref _waiting, _scheduler.WaitingCount + _inbox.Count);
        if (_plan.TokenCount == 0)
        {
            return false;
        }

        for (var first = 0; first < _plan.Entries.Length;)
        {
            var entries = _plan.PassFrom(first);
            Pass(entries);
            first += entries.Length;
        }

        StepCount++;
        return true;
    }

    private void Run()
    {
        while (!_isStopping)
        {
            if (!TryStep() && !_scheduler.HasWork)
            {
                _work.Wait();
            }
        }

        ReadInbox();
        _scheduler.FinishAll(new RequestRefusedException(RequestRefusal.Unavailable, "The engine is shutting down."));
    }

    private void Pass(ReadOnlySpan<StepPlan.Entry> entries)
    {
        try
        {
            Fill(entries);
            var hidden = _model.Forward(_batch);
            PublishPromptLogits(entries, hidden);
            var logits = Logits(entries, hidden);
            _scheduler.Apply(entries);
            Sample(entries, logits);
        }
        catch (Exception exception)
        {
            // Whatever it is, it concerns the requests of this pass; the others go on.
            foreach (var entry in entries)
            {
                _scheduler.Finish(entry.Sequence, new RequestRefusedException(
                    RequestRefusal.Unavailable, "The engine failed while it computed this request."));
            }

            StepFailed?.Invoke(exception);
        }
    }

    private void ReadInbox()
    {
        while (_inbox.TryDequeue(out var sequence))
        {
            _scheduler.Enqueue(sequence);
        }
    }

    private void Fill(ReadOnlySpan<StepPlan.Entry> entries)
    {
        _batch.Clear();
        foreach (var (sequence, count, draftCount) in entries)
        {
            _batch.Add(
                draftCount == 0 ? sequence.Pending(count) : WithDraft(sequence, count, draftCount),
                sequence.ComputedCount,
                sequence.Blocks!,
                sequence.Adapter,
                sequence.AdapterStart,
                sequence.RotaryLength,
                sequence.StateSlot);
        }
    }

    private ReadOnlySpan<int> WithDraft(Sequence sequence, int count, int draftCount)
    {
        _tokens.Clear();
        _tokens.AddRange(sequence.Pending(count));
        _tokens.AddRange(sequence.Lookup!.Draft[..draftCount]);
        return CollectionsMarshal.AsSpan(_tokens);
    }

    /// <summary>Logits of the last token of each sequence whose end is reached, and of the guesses behind it, in the order of the entries.</summary>
    private Matrix Logits(ReadOnlySpan<StepPlan.Entry> entries, Matrix hidden)
    {
        _rows.Clear();
        for (var i = 0; i < entries.Length; i++)
        {
            var rows = _batch.Sequences[i];
            for (var row = rows.RowCount - 1 - entries[i].DraftCount; entries[i].ReachesEnd && row < rows.RowCount; row++)
            {
                _rows.Add(rows.FirstRow + row);
            }
        }

        return _rows.Count == 0 ? default : _model.Head.Forward(_batch, hidden, CollectionsMarshal.AsSpan(_rows));
    }

    private void PublishPromptLogits(ReadOnlySpan<StepPlan.Entry> entries, Matrix hidden)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            var sequence = entries[i].Sequence;
            if (sequence.Request.PromptLogits is not { } publish || sequence.Tokens.Count > sequence.PromptCount)
            {
                continue;
            }

            var rows = _batch.Sequences[i];
            for (var first = 0; first < rows.RowCount; first += PromptLogitRows)
            {
                var count = Math.Min(PromptLogitRows, rows.RowCount - first);
                var mark = _batch.Arena.Save();
                var logits = _model.Head.Forward(_batch, hidden, [.. Enumerable.Range(rows.FirstRow + first, count)]);
                for (var row = 0; row < count; row++)
                {
                    publish(rows.Position + first + row, OwnLogits(sequence, logits, row));
                }

                _batch.Arena.Release(mark);
            }
        }
    }

    private void Sample(ReadOnlySpan<StepPlan.Entry> entries, Matrix logits)
    {
        var row = 0;
        foreach (var (sequence, _, draftCount) in entries)
        {
            if (sequence.PendingCount > 0)
            {
                continue;
            }

            if (!sequence.IsCancelled)
            {
                Answer(sequence, draftCount, logits, row);
            }

            row += 1 + draftCount;
        }
    }

    /// <summary>
    /// Chooses the next token. While it is the one that was guessed, the row behind it is what the next step would compute, so the
    /// token after it is chosen as well: guesses change how many passes an answer takes, never a token.
    /// </summary>
    private void Answer(Sequence sequence, int draftCount, Matrix logits, int row)
    {
        var accepted = 0;
        while (Choose(sequence, OwnLogits(sequence, logits, row + accepted)) is { } token
            && accepted < draftCount
            && token == sequence.Lookup!.Draft[accepted])
        {
            accepted++;
            _scheduler.AcceptDraft(sequence);
        }

        if (draftCount > 0)
        {
            sequence.Lookup!.Report(draftCount, accepted);
            sequence.Blocks?.Shrink(sequence.Tokens.Count);
            DraftedTokenCount += draftCount;
            AcceptedDraftTokenCount += accepted;
        }
    }

    // An adapter may have a vocabulary of its own.
    private Span<float> OwnLogits(Sequence sequence, Matrix logits, int row) =>
        logits.RowSpan(row)[..(sequence.Adapter?.VocabularySize ?? _model.Head.VocabularySize)];

    /// <returns>The token; null if the generation has ended.</returns>
    private int? Choose(Sequence sequence, Span<float> logits)
    {
        if (sequence.Request.LogProbabilities is not null)
        {
            _logProbabilities.Read(logits);
        }

        var token = _sampler.Sample(logits, sequence.History, sequence.Request.Sampling, sequence.Seed);
        if (token < 0)
        {
            _scheduler.Finish(sequence, new RequestRefusedException(
                RequestRefusal.Unavailable, "The model's output for this request is not a number; its adapter may be broken."));
            return null;
        }

        GeneratedTokenCount++;
        var finish = sequence.Append(token);
        var alternatives = sequence.Request.LogProbabilities;
        sequence.Publish(new GeneratedToken(token, finish, alternatives is { } count ? _logProbabilities.Of(token, count) : null));
        if (finish == FinishReason.None)
        {
            return token;
        }

        _scheduler.Finish(sequence);
        return null;
    }
}
