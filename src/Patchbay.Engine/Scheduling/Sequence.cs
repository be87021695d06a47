using System.Threading.Channels;
using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;
using Patchbay.Engine.Sampling;

namespace Patchbay.Engine.Scheduling;

/// <summary>
/// All state of one request inside the engine. Created by the caller's thread, then owned by the engine loop; only
/// <see cref="Cancel"/> and <see cref="Output"/> are used from elsewhere.
/// </summary>
internal sealed class Sequence
{
    private readonly Channel<GeneratedToken> _output = Channel.CreateUnbounded<GeneratedToken>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    // Answers longer than this let their list of tokens grow on the way.
    private const int MaxReservedAnswer = 4096;

    private readonly HashSet<int> _stopTokens;
    private volatile bool _isCancelled;

    public Sequence(GenerationRequest request, LoraAdapter? adapter, ulong seed, IReadOnlyList<int> endOfSequence, int contextLength)
    {
        Request = request;
        Adapter = adapter;
        AdapterStart = adapter?.InvocationTokens is { } invocation ? LastOccurrence(request.PromptTokens.Span, [.. invocation]) : 0;
        Seed = seed;
        PromptCount = request.PromptTokens.Length;
        MaxLength = (int)Math.Min(contextLength, (long)PromptCount + request.MaxTokens);
        Tokens = new List<int>(Math.Min(MaxLength, PromptCount + MaxReservedAnswer));
        Tokens.AddRange(request.PromptTokens.Span);
        History = new TokenHistory(request.PromptTokens.Span, request.Sampling);
        AdapterOrder = adapter?.Version.Digest.GetHashCode() ?? 0;
        Place = new LinkedListNode<Sequence>(this);
        _stopTokens = [.. request.StopTokens];
        if (!request.IgnoreEndOfSequence)
        {
            _stopTokens.UnionWith(endOfSequence);
        }
    }

    public GenerationRequest Request { get; }

    public ulong Seed { get; }

    /// <summary>Prompt and answer.</summary>
    public List<int> Tokens { get; }

    public int PromptCount { get; }

    /// <summary>Tokens at which the generation ends.</summary>
    public int MaxLength { get; }

    public TokenHistory History { get; }

    /// <summary>What acts on its rows; null is the base model.</summary>
    public LoraAdapter? Adapter { get; }

    /// <summary>Position from which on it acts.</summary>
    public int AdapterStart { get; }

    /// <summary>Equal for sequences of one adapter, and seldom for others.</summary>
    public int AdapterOrder { get; }

    /// <summary>Order of arrival.</summary>
    public long Number { get; set; }

    /// <summary>Its place in one of the lists of those that wait.</summary>
    public LinkedListNode<Sequence> Place { get; }

    /// <summary>Whom it is charged to.</summary>
    public AdapterAccount? Account { get; set; }

    /// <summary>Whether it was ever admitted.</summary>
    public bool IsAdmitted { get; private set; }

    /// <summary>Guesses its next tokens; null where that is off.</summary>
    public PromptLookup? Lookup { get; set; }

    /// <summary>Tokens whose keys and values are in the cache.</summary>
    public int ComputedCount { get; set; }

    /// <summary>Tokens that the next steps must compute: the rest of the prompt, or the last token of the answer.</summary>
    public int PendingCount => Tokens.Count - ComputedCount;

    /// <summary>Whether the next step computes the last token of the answer and nothing else.</summary>
    public bool IsDecode => PendingCount == 1 && Tokens.Count > PromptCount;

    /// <summary>The blocks of its keys and values while it runs.</summary>
    public BlockTable? Blocks { get; set; }

    /// <summary>Its slot of recurrent state while it runs; -1 if it has none.</summary>
    public int StateSlot { get; set; } = -1;

    /// <summary>What the rotary angles of its keys were made for.</summary>
    public int RotaryLength { get; set; }

    /// <summary>Node of the prefix index after its last registered block, and how many are registered.</summary>
    public long PrefixNode { get; set; }

    public int RegisteredBlocks { get; set; }

    /// <summary>Prompt tokens that were found in the prefix cache when it was first admitted; -1 before.</summary>
    public int CachedPromptTokens { get; set; } = -1;

    public bool IsCancelled => _isCancelled;

    public ChannelReader<GeneratedToken> Output => _output.Reader;

    public void Cancel() => _isCancelled = true;

    public ReadOnlySpan<int> Pending(int count) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Tokens).Slice(ComputedCount, count);

    public ReadOnlySpan<int> BlockTokens(int block) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Tokens).Slice(block * PagedLayer.BlockTokens, PagedLayer.BlockTokens);

    /// <summary>Appends a generated token and tells whether the generation ends with it.</summary>
    public FinishReason Append(int token)
    {
        Tokens.Add(token);
        History.Add(token);
        return _stopTokens.Contains(token) ? FinishReason.Stop
            : Tokens.Count >= MaxLength ? FinishReason.Length
            : FinishReason.None;
    }

    public void Publish(GeneratedToken token) => _output.Writer.TryWrite(token);

    /// <summary>Notes its first admission, and lets the next request wait in its place.</summary>
    public void EnterBatch()
    {
        IsAdmitted = true;
        Request.Slot?.Admit();
    }

    /// <summary>Ends the output and gives the leases back.</summary>
    public void Complete(Exception? error = null)
    {
        // In this order: whoever has read the last token finds the leases released.
        Request.Release();
        _output.Writer.TryComplete(error);
    }

    // What is not in the prompt never starts: occurrences in the answer do not count.
    private static int LastOccurrence(ReadOnlySpan<int> prompt, ReadOnlySpan<int> tokens) =>
        prompt.LastIndexOf(tokens) is var start && start >= 0 ? start : int.MaxValue;
}
