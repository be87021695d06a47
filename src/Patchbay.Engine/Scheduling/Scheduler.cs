using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;

namespace Patchbay.Engine.Scheduling;

/// <summary>How much one step may do.</summary>
/// <param name="MaxBatchTokens">Tokens of one pass.</param>
/// <param name="MaxRunningSequences">Sequences that hold keys and values at the same time.</param>
/// <param name="PrefixCache">Whether finished blocks can be found by later sequences.</param>
/// <param name="PromptLookup">Whether next tokens are guessed, see <see cref="Scheduling.PromptLookup"/>.</param>
internal sealed record SchedulerLimits(int MaxBatchTokens, int MaxRunningSequences, bool PrefixCache, bool PromptLookup = false);

/// <summary>
/// Decides what each step computes:
/// <code>
/// 1. drop what was cancelled
/// 2. answers that are being written: one token each, so that none waits for a long prompt
/// 3. prompts that were begun: as many tokens as the step has left
/// 4. waiting sequences while there is room: first come, first served within an adapter, fair among adapters
/// 5. guesses of the next tokens, where the step is small
/// </code>
/// A sequence that does not fit keeps its turn: none that came later passes it, so each waits for those admitted before it alone.
/// Sequences of recurrent models hold a slot of state from admission on; a sequence that is computed anew starts with an empty one.
/// When keys and values are short of memory, the sequence admitted last gives its blocks back and is computed anew later: its
/// tokens stay, and batch invariance makes the repeated computation equal to the first. Called from the engine loop only.
/// </summary>
internal sealed class Scheduler(
    SchedulerLimits limits, BlockPool pool, PrefixIndex index, StateStore states, Func<int, int> rotaryLengthFor)
{
    // Rows of a step with guesses. In a larger one the weights are read for enough rows already, and each more costs its full price.
    private const int MaxSpeculativeRows = 16;

    private readonly WaitingQueue _waiting = new();
    private readonly List<Sequence> _running = [];

    public int WaitingCount => _waiting.Count;

    public int RunningCount => _running.Count;

    public bool HasWork => _waiting.Count + _running.Count > 0;

    /// <summary>Times that a sequence had to give its blocks back.</summary>
    public long PreemptionCount { get; private set; }

    /// <summary>Prompt tokens that were looked up in the prefix cache.</summary>
    public long PrefixTokensQueried { get; private set; }

    /// <summary>Prompt tokens that were found in the prefix cache.</summary>
    public long PrefixTokensHit { get; private set; }

    public void Enqueue(Sequence sequence)
    {
        if (limits.PromptLookup && !states.IsUsed)
        {
            sequence.Lookup = new PromptLookup();
        }

        _waiting.Add(sequence);
    }

    /// <summary>Fills the plan for the next step; it stays empty if there is nothing to do.</summary>
    public void Plan(StepPlan plan)
    {
        plan.Clear();
        DropCancelled();
        foreach (var sequence in _running)
        {
            RestartRunning(sequence);
        }

        PlanRunning(plan, decode: true);
        PlanRunning(plan, decode: false);
        Admit(plan);
        PlanDrafts(plan);
        plan.Sort();
    }

    /// <summary>Notes what a pass has computed. Tokens chosen for sequences that reached their end are appended afterwards.</summary>
    public void Apply(ReadOnlySpan<StepPlan.Entry> entries)
    {
        foreach (var (sequence, count, _) in entries)
        {
            sequence.ComputedCount += count;
            RegisterBlocks(sequence);
            if (sequence.PendingCount == 0)
            {
                AdapterFairness.Charge(sequence, AdapterFairness.AnswerTokenPrice);
            }
        }
    }

    /// <summary>Notes that the token appended last is the one that was guessed, so that it is computed already.</summary>
    public void AcceptDraft(Sequence sequence)
    {
        sequence.ComputedCount++;
        RegisterBlocks(sequence);
        AdapterFairness.Charge(sequence, AdapterFairness.AnswerTokenPrice);
    }

    /// <summary>Ends a sequence, whatever state it is in.</summary>
    public void Finish(Sequence sequence, Exception? error = null)
    {
        if (!_running.Remove(sequence))
        {
            _waiting.Remove(sequence);
        }

        AdapterFairness.Leave(sequence);
        ReleaseState(sequence);
        sequence.Blocks?.Release();
        sequence.Blocks = null;
        sequence.Complete(error);
    }

    /// <summary>Ends all sequences.</summary>
    public void FinishAll(Exception error)
    {
        while (_running.Count > 0)
        {
            Finish(_running[^1], error);
        }

        while (_waiting.Next() is { } sequence)
        {
            Finish(sequence, error);
        }
    }

    private void DropCancelled()
    {
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            if (_running[i].IsCancelled)
            {
                Finish(_running[i]);
            }
        }

        while (_waiting.FindCancelled() is { } sequence)
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
        while (_waiting.Next() is { } sequence
            && plan.TokenCount < limits.MaxBatchTokens
            && _running.Count < limits.MaxRunningSequences)
        {
            sequence.Blocks ??= NewBlocks(sequence);
            RestartIfAnglesChange(sequence);
            ReusePrefix(sequence);
            var count = Math.Min(sequence.PendingCount, limits.MaxBatchTokens - plan.TokenCount);
            if (!TryTakeState(sequence) || !sequence.Blocks.TryGrow(sequence.ComputedCount + count))
            {
                Reset(sequence);
                return;
            }

            _waiting.Remove(sequence);
            _running.Add(sequence);
            plan.Add(sequence, count);
            if (!sequence.IsAdmitted)
            {
                sequence.EnterBatch();
                AdapterFairness.Charge(sequence, (sequence.PromptCount - sequence.CachedPromptTokens) * AdapterFairness.PromptTokenPrice);
            }
        }
    }

    private BlockTable NewBlocks(Sequence sequence)
    {
        var blocks = new BlockTable(pool, sequence.Adapter?.Stack?.CopyCount ?? 1);
        blocks.Reserve(Math.Min(sequence.MaxLength, sequence.Tokens.Capacity) + PromptLookup.MaxDraft);
        return blocks;
    }

    private void PlanDrafts(StepPlan plan)
    {
        if (!limits.PromptLookup)
        {
            return;
        }

        for (var i = 0; i < plan.Entries.Length; i++)
        {
            var sequence = plan.Entries[i].Sequence;
            var room = Math.Min(
                Math.Min(MaxSpeculativeRows, limits.MaxBatchTokens) - plan.TokenCount,
                sequence.MaxLength - sequence.Tokens.Count - 1);
            if (room <= 0 || sequence.Lookup is not { } lookup || !sequence.IsDecode)
            {
                continue;
            }

            // A guess must not change the angles, and gets only memory that nobody else wants.
            var count = lookup.Guess(sequence.Tokens, room);
            if (count > 0
                && rotaryLengthFor(sequence.Tokens.Count + count) == sequence.RotaryLength
                && sequence.Blocks!.TryGrow(sequence.Tokens.Count + count))
            {
                plan.AddDraft(i, count);
            }
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
        _waiting.AddPreempted(sequence);
    }

    private void Reset(Sequence sequence)
    {
        ReleaseState(sequence);
        sequence.Blocks?.Release();
        sequence.ComputedCount = 0;
        sequence.RegisteredBlocks = 0;
        sequence.PrefixNode = Root(sequence);
    }

    // Where an adapter begins to act later, its sequence begins with the base model's keys and values.
    private long Root(Sequence sequence) =>
        index.Root(new CacheRoot(sequence.AdapterStart > 0 ? null : sequence.Adapter?.Version.Digest.Hex, sequence.Request.CacheSalt));

    /// <summary>The node that a block hangs on: that of the block before it, until the adapter begins to act within the block.</summary>
    private long Parent(Sequence sequence, int block) =>
        sequence.AdapterStart > 0 && block == sequence.AdapterStart / PagedLayer.BlockTokens
            ? index.Root(new CacheRoot(sequence.Adapter!.Version.Digest.Hex, sequence.Request.CacheSalt, sequence.PrefixNode, sequence.AdapterStart))
            : sequence.PrefixNode;

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
            if (!index.TryFind(Parent(sequence, i), sequence.BlockTokens(i), out var block, out var node))
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
            PrefixTokensQueried += sequence.PromptCount;
            PrefixTokensHit += sequence.ComputedCount;
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
            sequence.PrefixNode = index.Add(Parent(sequence, block), sequence.BlockTokens(block), sequence.Blocks![block]);
        }
    }

    // Angles that depend on the length of the sequence make its keys useless to any other; a recurrent state is kept at the end
    // of the sequence only, so there is none to go on from at the end of a shared prefix; the index knows one block for the same
    // positions, not several.
    private bool IsCacheable(Sequence sequence) =>
        limits.PrefixCache && !states.IsUsed && sequence.RotaryLength == 0 && sequence.Adapter?.Stack is null;
}
