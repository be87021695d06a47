namespace Patchbay.Engine;

/// <summary>What the engine is doing, read while it goes on: the numbers may be a step apart.</summary>
/// <param name="RunningSequences">Sequences that hold keys and values.</param>
/// <param name="WaitingSequences">Requests that wait.</param>
/// <param name="UsedBlocks">Blocks of keys and values that sequences hold.</param>
/// <param name="TotalBlocks">All blocks.</param>
/// <param name="Steps">Forward passes so far.</param>
/// <param name="PromptTokens">Prompt tokens of admitted requests so far.</param>
/// <param name="CachedPromptTokens">How many of them came from the prefix cache.</param>
/// <param name="GeneratedTokens">Tokens generated so far.</param>
/// <param name="Preemptions">Times that a sequence had to give its blocks back and be computed anew.</param>
/// <param name="ActiveLeases">Leases of adapter versions that are held.</param>
/// <param name="RetiredVersions">Versions that are kept only for the generations that still run on them.</param>
public sealed record EngineStatistics(
    int RunningSequences,
    int WaitingSequences,
    int UsedBlocks,
    int TotalBlocks,
    long Steps,
    long PromptTokens,
    long CachedPromptTokens,
    long GeneratedTokens,
    long Preemptions,
    int ActiveLeases,
    int RetiredVersions)
{
    /// <summary>Next tokens that were guessed so far, see <see cref="EngineOptions.PromptLookup"/>.</summary>
    public long DraftedTokens { get; init; }

    /// <summary>How many of them were right.</summary>
    public long AcceptedDraftTokens { get; init; }
}
