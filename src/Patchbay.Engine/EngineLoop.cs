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

    /// <summary>Called after each step on the loop's thread.</summary>
    public Action? StepDone { get; set; }

    public long StepCount { get; private set; }

    public long GeneratedTokenCount { get; private set; }

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
        _thread.Join();
        _work.Dispose();
    }

    private void Run()
    {
        while (!_isStopping)
        {
            ReadInbox();
            _scheduler.Plan(_plan);
            Volatile.Write(ref _waiting, _scheduler.WaitingCount + _inbox.Count);
            if (_plan.TokenCount > 0)
            {
                Step();
            }
            else if (!_scheduler.HasWork)
            {
                StepDone?.Invoke();
                _work.Wait();
            }
        }

        ReadInbox();
        _scheduler.FinishAll(new RequestRefusedException(RequestRefusal.Unavailable, "The engine is shutting down."));
    }

    private void Step()
    {
        foreach (var entries in _plan.Passes())
        {
            Pass(entries);
        }

        StepCount++;
        StepDone?.Invoke();
    }

    private void Pass(IReadOnlyList<StepPlan.Entry> entries)
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

    private void Fill(IReadOnlyList<StepPlan.Entry> entries)
    {
        _batch.Clear();
        foreach (var (sequence, count) in entries)
        {
            _batch.Add(
                sequence.Pending(count),
                sequence.ComputedCount,
                sequence.Blocks!,
                sequence.Adapter,
                sequence.AdapterStart,
                sequence.RotaryLength,
                sequence.StateSlot);
        }
    }

    /// <summary>Logits of the last row of each sequence whose end is reached, in the order of the entries.</summary>
    private Matrix Logits(IReadOnlyList<StepPlan.Entry> entries, Matrix hidden)
    {
        _rows.Clear();
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i].ReachesEnd)
            {
                var rows = _batch.Sequences[i];
                _rows.Add(rows.FirstRow + rows.RowCount - 1);
            }
        }

        return _rows.Count == 0 ? default : _model.Head.Forward(_batch, hidden, CollectionsMarshal.AsSpan(_rows));
    }

    private void PublishPromptLogits(IReadOnlyList<StepPlan.Entry> entries, Matrix hidden)
    {
        for (var i = 0; i < entries.Count; i++)
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

    private void Sample(IReadOnlyList<StepPlan.Entry> entries, Matrix logits)
    {
        var row = 0;
        foreach (var (sequence, _) in entries)
        {
            if (sequence.PendingCount > 0 || sequence.IsCancelled)
            {
                row += sequence.PendingCount > 0 ? 0 : 1;
                continue;
            }

            Choose(sequence, OwnLogits(sequence, logits, row++));
        }
    }

    // An adapter may have a vocabulary of its own.
    private Span<float> OwnLogits(Sequence sequence, Matrix logits, int row) =>
        logits.RowSpan(row)[..(sequence.Adapter?.VocabularySize ?? _model.Head.VocabularySize)];

    private void Choose(Sequence sequence, Span<float> logits)
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
            return;
        }

        GeneratedTokenCount++;
        var finish = sequence.Append(token);
        var alternatives = sequence.Request.LogProbabilities;
        sequence.Publish(new GeneratedToken(token, finish, alternatives is { } count ? _logProbabilities.Of(token, count) : null));
        if (finish != FinishReason.None)
        {
            _scheduler.Finish(sequence);
        }
    }
}
