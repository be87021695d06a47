namespace Patchbay.Control;

/// <summary>What became of a change to the alias table.</summary>
public enum AliasChangeOutcome
{
    /// <summary>Every later request sees it.</summary>
    Applied,

    /// <summary>It was so already; no generation moved.</summary>
    Unchanged,

    /// <summary>Someone else changed it since the caller looked; nothing moved.</summary>
    GenerationMismatch,

    /// <summary>No alias has this name; nothing moved.</summary>
    NoSuchAlias,

    /// <summary>The alias answers requests that name no model and cannot be taken away meanwhile; nothing moved.</summary>
    AnswersDefault,
}

/// <summary>A change of one name, with the alias before and after it (null: there is none).</summary>
public readonly record struct AliasChange(AliasChangeOutcome Outcome, AdapterAlias? Previous, AdapterAlias? Current);

/// <summary>A change of what answers by default, with the state before and after it.</summary>
public readonly record struct DefaultChange(AliasChangeOutcome Outcome, DefaultAlias Previous, DefaultAlias Current);
