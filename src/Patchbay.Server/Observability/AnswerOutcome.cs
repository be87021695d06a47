namespace Patchbay.Server.Observability;

/// <summary>How a request for answers ended.</summary>
internal enum AnswerOutcome
{
    /// <summary>All of its answers were sent to their ends.</summary>
    Done,

    /// <summary>Its caller left.</summary>
    Cancelled,

    /// <summary>The engine or the server could not finish it.</summary>
    Failed,
}
