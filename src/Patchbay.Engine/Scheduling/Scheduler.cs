using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;

namespace Patchbay.Engine.Scheduling;

/// <summary>How much one step may do.</summary>
/// <param name="MaxBatchTokens">Tokens of one pass.</param>
/// <param name="MaxRunningSequences">Sequences that hold keys and values at the same time.</param>
/// <param name="PrefixCache">Whether finished blocks can be found by later sequences.</param>
internal sealed record SchedulerLimits(int MaxBatchTokens, int MaxRunningSequences, bool PrefixCache);

/// <summary>
/// Decides what each step computes. First come, first served:
/// <code>
/// 1. drop what was cancelled
/// 2. answers that are being written: one token each, so that none waits for a long prompt
/// 3. prompts that were begun: as many tokens as the step has left
/// 4. waiting sequences, the longest-waiting first, while there is room
/// </code>
/// Sequences of recurrent models hold a slot of state from admission on; a sequence that is computed anew starts with an empty one.
/// When keys and values are short of memory, the sequence admitted last gives its blocks back and is computed anew later: its
/// tokens stay, and batch invariance makes the repeated computation equal to the first. Called from the engine loop only.
/// </summary>
internal sealed class Scheduler(
    SchedulerLimits limits, BlockPool pool, PrefixIndex index, StateStore states, Func<int, int> rotaryLengthFor)
{
    private readonly LinkedList<Sequence> _waiting = [];
    private readonly List<Sequence> _running = [];

    public int WaitingCount => _waiting.Count;

    public int RunningCount => _running.Count;

    public bool HasWork => _waiting.Count + _running.Count > 0;

    /// <summary>Times that a sequence had to give its blocks back.</summary>
    public long PreemptionCount { get; private set; }

    /// <summary>Prompt tokens that were looked up in the prefix cache, and those found.</summary>
    public (long Queried, long Hit) PrefixTokens { get; private set; }

    public void Enqueue(Sequence sequence) => _waiting.AddLast(sequence);

    /// <summary>Fills the plan for the next step; it stays empty if there is nothing to do.</summary>
    public void Plan(StepPlan plan)
    {
        plan.Clear();
        DropCancelled();
        _running.ForEach(RestartRunning);
        PlanRunning(plan, decode: true);
        PlanRunning(plan, decode: false);
        Admit(plan);

        // A stable order keeps sequences of one adapter together without mixing up their arrival.
        var ordered = plan.Entries.OrderBy(entry => entry.Sequence.Adapter?.GetHashCode() ?? 0).ToList();
        plan.Entries.Clear();
        plan.Entries.AddRange(ordered);
    }

    /// <summary>Notes what a pass has computed. Tokens chosen for sequences that reached their end are appended afterwards.</summary>
    public void Apply(IReadOnlyList<StepPlan.Entry> entries)
    {
        foreach (var (sequence, count) in entries)
        {
            sequence.ComputedCount += count;
            RegisterBlocks(sequence);
        }
    }

    /// <summary>Ends a sequence, whatever state it is in.</summary>
    public void Finish(Sequence sequence, Exception? error = null)
    {
        if (!_running.Remove(sequence))
        {
            _waiting.Remove(sequence);
        }

        ReleaseState(sequence);
        sequence.Blocks?.Release();
        sequence.Blocks = null;
        sequence.Complete(error);
    }

    /// <summary>Ends all sequences.</summary>
    public void FinishAll(Exception error)
    {
        foreach (var sequence in _running.Concat(_waiting).ToList())
        {
            Finish(sequence, error);
        }
    }

    private void DropCancelled()
    {
        foreach (var sequence in _running.Concat(_waiting).Where(sequence => sequence.IsCancelled).ToList())
        {
            Finish(sequence);
        }
    }

    private void PlanRunning(StepPlan plan, bool decode)
    {
        for (var i = 0; i < _running.Count; i++)
        {
            var sequence = _running[i];
            if (sequence.IsDecode != decode || plan.TokenCount == limits.MaxBatchTokens)
            {
                continue;
            }

            var count = Math.Min(sequence.PendingCount, limits.MaxBatchTokens - plan.TokenCount);
            while (!sequence.Blocks!.TryGrow(sequence.ComputedCount + count))
            {
                if (!TryPreemptAfter(i, plan))
                {
                    // Only sequences that came before it hold memory; it waits for one of them to end.
                    Preempt(sequence, plan);
                    i--;
                    count = 0;
                    break;
                }
            }

            if (count > 0)
            {
                plan.Add(sequence, count);
            }
        }
    }

    private void Admit(StepPlan plan)
    {
        while (_waiting.First is { Value: var sequence }
            && plan.TokenCount < limits.MaxBatchTokens
            && _running.Count < limits.MaxRunningSequences)
        {
            sequence.Blocks ??= new BlockTable(pool, sequence.Adapter?.Stack?.CopyCount ?? 1);
            RestartIfAnglesChange(sequence);
            ReusePrefix(sequence);
            var count = Math.Min(sequence.PendingCount, limits.MaxBatchTokens - plan.TokenCount);
            if (!TryTakeState(sequence) || !sequence.Blocks.TryGrow(sequence.ComputedCount + count))
            {
                Reset(sequence);
                return;
            }

            _waiting.RemoveFirst();
            _running.Add(sequence);
            plan.Add(sequence, count);
        }
    }

    private bool TryPreemptAfter(int position, StepPlan plan)
    {
        if (_running.Count - 1 <= position)
        {
            return false;
        }

        Preempt(_running[^1], plan);
        return true;
    }

    private void Preempt(Sequence sequence, StepPlan plan)
    {
        PreemptionCount++;
        plan.Remove(sequence);
        Reset(sequence);
        _running.Remove(sequence);
        _waiting.AddFirst(sequence);
    }

    private void Reset(Sequence sequence)
    {
        ReleaseState(sequence);
        sequence.Blocks?.Release();
        sequence.ComputedCount = 0;
        sequence.RegisteredBlocks = 0;
        sequence.PrefixNode = Root(sequence);
    }

    private long Root(Sequence sequence) =>
        index.Root(new CacheRoot(sequence.Adapter?.Version.Digest.Hex, sequence.Request.CacheSalt));

    private bool TryTakeState(Sequence sequence)
    {
        if (!states.IsUsed)
        {
            return true;
        }

        var isTaken = states.TryTake(out var slot);
        sequence.StateSlot = slot;
        return isTaken;
    }

    private void ReleaseState(Sequence sequence)
    {
        if (sequence.StateSlot >= 0)
        {
            states.Release(sequence.StateSlot);
            sequence.StateSlot = -1;
        }
    }

    private void RestartRunning(Sequence sequence)
    {
        RestartIfAnglesChange(sequence);
        if (sequence.StateSlot < 0)
        {
            // A slot was given back just now, so there is one.
            _ = TryTakeState(sequence);
        }
    }

    private void RestartIfAnglesChange(Sequence sequence)
    {
        var length = rotaryLengthFor(sequence.Tokens.Count);
        if (length != sequence.RotaryLength)
        {
            sequence.RotaryLength = length;
            Reset(sequence);
        }
    }

    /// <summary>Shares the blocks of the longest known prefix. The last token is always computed: its logits are needed.</summary>
    private void ReusePrefix(Sequence sequence)
    {
        sequence.PrefixNode = Root(sequence);
        var blocks = IsCacheable(sequence) && sequence.Request.PromptLogits is null ? (sequence.Tokens.Count - 1) / PagedLayer.BlockTokens : 0;
        for (var i = 0; i < blocks; i++)
        {
            if (!index.TryFind(sequence.PrefixNode, sequence.BlockTokens(i), out var block, out var node))
            {
                break;
            }

            sequence.Blocks!.Share(block);
            sequence.PrefixNode = node;
            sequence.RegisteredBlocks++;
        }

        sequence.ComputedCount = sequence.RegisteredBlocks * PagedLayer.BlockTokens;
        if (sequence.CachedPromptTokens < 0)
        {
            sequence.CachedPromptTokens = sequence.ComputedCount;
            PrefixTokens = (PrefixTokens.Queried + sequence.PromptCount, PrefixTokens.Hit + sequence.ComputedCount);
        }
    }

    private void RegisterBlocks(Sequence sequence)
    {
        if (!IsCacheable(sequence))
        {
            return;
        }

        for (; (sequence.RegisteredBlocks + 1) * PagedLayer.BlockTokens <= sequence.ComputedCount; sequence.RegisteredBlocks++)
        {
            var block = sequence.RegisteredBlocks;
            sequence.PrefixNode = index.Add(sequence.PrefixNode, sequence.BlockTokens(block), sequence.Blocks![block]);
        }
    }

    // Angles that depend on the length of the sequence make its keys useless to any other; a recurrent state is kept at the end
    // of the sequence only, so there is none to go on from at the end of a shared prefix; the index knows one block for the same
    // positions, not several.
    private bool IsCacheable(Sequence sequence) =>
        limits.PrefixCache && !states.IsUsed && sequence.RotaryLength == 0 && sequence.Adapter?.Stack is null;
}
