using Patchbay.Control;
using Patchbay.Control.Versions;
using Patchbay.Engine;
using Patchbay.Server.Http;

namespace Patchbay.Server.Adapters;

/// <summary>What the door said.</summary>
internal enum AdmissionOutcome
{
    /// <summary>The version is stored, in memory, and may be registered.</summary>
    Admitted,

    /// <summary>Something is wrong with the adapter itself.</summary>
    Refused,

    /// <summary>It does not fit into the memory for adapters.</summary>
    NoRoom,

    /// <summary>There is no memory for it now.</summary>
    Busy,
}

/// <summary>The answer of the door. While it is not disposed, an admitted version stays in memory.</summary>
internal sealed class Admission(AdmissionOutcome outcome, StagedVersion staged, AdapterLease? lease) : IDisposable
{
    public AdmissionOutcome Outcome => outcome;

    public StagedVersion Staged => staged;

    /// <summary>What it holds; null unless it was parsed.</summary>
    public AdapterVersion? Version => lease?.Version;

    public VersionProbe Probe { get; init; } = VersionProbe.None;

    public IReadOnlyList<FieldError> Problems { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    public double LoadMilliseconds { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    /// <summary>All problems as one text.</summary>
    public string Summary => string.Join(' ', Problems.Select(problem => problem.Message));

    public void Dispose()
    {
        lease?.Dispose();
        staged.Dispose();
    }
}
