namespace Patchbay.Control.Journal;

/// <summary>Which audit entries somebody wants to see; null matches all.</summary>
public sealed record AuditQuery
{
    /// <summary>Most entries of one page.</summary>
    public const int MaxLimit = 1000;

    /// <summary>Only entries before this sequence number.</summary>
    public long? Before { get; init; }

    /// <summary>Most entries to return, 1 to <see cref="MaxLimit"/>.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>Only what this actor did.</summary>
    public string? Actor { get; init; }

    /// <summary>Only this action.</summary>
    public string? Action { get; init; }

    /// <summary>Only what was done to this.</summary>
    public string? Target { get; init; }
}

/// <summary>Some audit entries, newest first, and whether older ones match too.</summary>
public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, bool HasMore);
