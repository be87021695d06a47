using Patchbay.Control.Journal;

namespace Patchbay.Control;

/// <summary>What became of a command.</summary>
public enum CommandOutcome
{
    /// <summary>It is in the journal, and every later request sees it.</summary>
    Applied,

    /// <summary>It was so already; nothing was written.</summary>
    Unchanged,

    /// <summary>Someone else changed the alias, default or document since the caller looked.</summary>
    GenerationMismatch,

    /// <summary>No adapter has this name.</summary>
    NoSuchAdapter,

    /// <summary>The adapter has no such version.</summary>
    NoSuchVersion,

    /// <summary>The version is not in the store.</summary>
    NotStored,

    /// <summary>The alias was never released before.</summary>
    NothingBefore,

    /// <summary>The version answers now, is in use by a running answer, or a route or release needs it.</summary>
    InUse,

    /// <summary>The alias answers requests that name no model; another has to be chosen first.</summary>
    AnswersDefault,

    /// <summary>No such document.</summary>
    NoSuchDocument,

    /// <summary>The command itself is wrong: a name that is none, JSON that is none, a limit that is reached.</summary>
    Invalid,
}

/// <summary>What a command did, with the whole state before and after it (the same where it was not applied).</summary>
/// <param name="Entry">The audit entry; null where nothing was written.</param>
/// <param name="Problem">Why it was not applied, in one sentence; null where it was.</param>
public sealed record CommandResult(
    CommandOutcome Outcome, ControlSnapshot Before, ControlSnapshot After, AuditEntry? Entry, string? Problem)
{
    /// <summary>Versions that no adapter has any more since this command; their files are gone from the store.</summary>
    public IReadOnlyList<VersionDigest> Removed { get; init; } = [];
}

/// <summary>Who gives a command, and why.</summary>
/// <param name="Actor">The name of a key, or <c>local</c>.</param>
/// <param name="Reason">In the actor's words.</param>
/// <param name="RequestId">The request that carried it.</param>
public sealed record CommandOrigin(string Actor, string? Reason = null, string? RequestId = null);
