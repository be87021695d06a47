using Patchbay.Control.Journal;

namespace Patchbay.Control;

/// <summary>What a command would do to a state: the next state and what to write, or why not.</summary>
internal sealed record ControlDecision(CommandOutcome Outcome, ControlSnapshot Next, AuditRecord? Record, string? Problem)
{
    public static ControlDecision Apply(ControlSnapshot next, AuditRecord record) => new(CommandOutcome.Applied, next, record, null);

    public static ControlDecision Refuse(CommandOutcome outcome, ControlSnapshot before, string problem) => new(outcome, before, null, problem);

    public static ControlDecision Unchanged(ControlSnapshot before) => new(CommandOutcome.Unchanged, before, null, null);

    public static ControlDecision? FindGenerationProblem(ControlSnapshot state, string name, long? expected)
    {
        var found = state.Aliases.TryGet(name, out var alias) ? alias.Generation : 0;
        return expected is null || expected == found ? null
            : Refuse(CommandOutcome.GenerationMismatch, state, $"'{name}' is at generation {found}; expected {expected}.");
    }

    public static ControlDecision NoSuchAdapter(ControlSnapshot state, string name) =>
        Refuse(CommandOutcome.NoSuchAdapter, state, $"No adapter is called '{name}'.");

    public static ControlDecision NoSuchVersion(ControlSnapshot state, string name, VersionDigest digest) =>
        Refuse(CommandOutcome.NoSuchVersion, state, $"'{name}' has no version {digest}.");

    public static ControlDecision NotStored(ControlSnapshot state, VersionDigest digest) =>
        Refuse(CommandOutcome.NotStored, state, $"Version {digest.Abbreviation} is not in the store; upload its files again.");
}
