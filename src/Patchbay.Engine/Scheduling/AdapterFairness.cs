namespace Patchbay.Engine.Scheduling;

/// <summary>
/// Shares the engine among adapters by virtual-token counters (arXiv:2401.00588, algorithm 2): an adapter is charged for what it
/// is given, and the waiting one that was given least is next. One that comes back after a pause is lifted to the least of those
/// that wait, so a pause saves nothing up. While two adapters both wait, what they are given differs by no more than what fits
/// into the engine at once. Called from the engine loop only.
/// </summary>
internal sealed class AdapterFairness
{
    /// <summary>Price of a prompt token that is computed.</summary>
    public const int PromptTokenPrice = 1;

    /// <summary>Price of a token of the answer: it takes a row of a pass for itself, as prompt tokens do not.</summary>
    public const int AnswerTokenPrice = 2;

    // Sums of adapters have digests of their own, without number.
    private const int MaxAccounts = 4096;

    private readonly Dictionary<string, AdapterAccount> _accounts = [];
    private readonly List<AdapterAccount> _waiting = [];
    private AdapterAccount? _lastThatWaited;

    /// <summary>Sequences that wait.</summary>
    public int WaitingCount { get; private set; }

    /// <summary>Puts a sequence behind those that wait for the same adapter.</summary>
    public void Enqueue(Sequence sequence)
    {
        var account = AccountOf(sequence);
        if (account.Waiting.Count == 0)
        {
            Lift(account);
            _waiting.Add(account);
        }

        sequence.Account = account;
        account.Sequences++;
        account.Waiting.AddLast(sequence.Place);
        WaitingCount++;
    }

    /// <summary>The longest-waiting sequence of the adapter that was given least; of equals, the one that came first. Null if none waits.</summary>
    public Sequence? Next()
    {
        Sequence? next = null;
        foreach (var account in _waiting)
        {
            var first = account.Waiting.First!.Value;
            if (next is null || account.Served < next.Account!.Served || (account.Served == next.Account.Served && first.Number < next.Number))
            {
                next = first;
            }
        }

        return next;
    }

    /// <summary>Takes out a sequence that waits.</summary>
    public void Remove(Sequence sequence)
    {
        var account = sequence.Account!;
        account.Waiting.Remove(sequence.Place);
        WaitingCount--;
        if (account.Waiting.Count == 0)
        {
            _waiting.Remove(account);
            _lastThatWaited = account;
        }
    }

    /// <summary>Notes the end of a sequence.</summary>
    public static void Leave(Sequence sequence) => sequence.Account!.Sequences--;

    public static void Charge(Sequence sequence, int virtualTokens) => sequence.Account!.Served += virtualTokens;

    /// <summary>A waiting sequence that was cancelled, or null.</summary>
    public Sequence? FindCancelled()
    {
        foreach (var account in _waiting)
        {
            for (var node = account.Waiting.First; node is not null; node = node.Next)
            {
                if (node.Value.IsCancelled)
                {
                    return node.Value;
                }
            }
        }

        return null;
    }

    private AdapterAccount AccountOf(Sequence sequence)
    {
        var key = sequence.Adapter?.Version.Digest.Hex ?? string.Empty;
        if (!_accounts.TryGetValue(key, out var account))
        {
            if (_accounts.Count >= MaxAccounts)
            {
                Forget();
            }

            _accounts[key] = account = new AdapterAccount();
        }

        return account;
    }

    private void Lift(AdapterAccount account)
    {
        var least = long.MaxValue;
        foreach (var other in _waiting)
        {
            least = Math.Min(least, other.Served);
        }

        if (_waiting.Count == 0)
        {
            least = _lastThatWaited?.Served ?? 0;
        }

        account.Served = Math.Max(account.Served, least);
    }

    // Those that nobody uses; they come back lifted like a new one.
    private void Forget()
    {
        foreach (var (key, account) in _accounts)
        {
            if (account.Sequences == 0)
            {
                _accounts.Remove(key);
            }
        }
    }
}
