using Patchbay.Control;
using Patchbay.Control.Residency;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;

namespace Patchbay.Server.Endpoints;

/// <summary>All adapters, what answers by default, and the memory they share.</summary>
internal sealed record AdapterList(string Object, NamedBase Base, DefaultState Default, AdapterMemory Memory, IReadOnlyList<AdapterState> Data)
{
    public static AdapterList From(OpenedEngine opened, AdapterActivity activity)
    {
        var state = opened.Adapters.State;
        return new AdapterList(
            "list", new NamedBase(opened.Adapters.BaseName), new DefaultState(state.Aliases.Default.Target?.Name, state.Aliases.Default.Generation),
            AdapterMemory.From(opened),
            [.. state.Adapters.Values.OrderBy(adapter => adapter.Name, StringComparer.Ordinal).Select(adapter => AdapterState.From(adapter, opened, state, activity))]);
    }
}

/// <summary>The base model.</summary>
internal sealed record NamedBase(string Name);

/// <summary>What answers requests that name no model.</summary>
internal sealed record DefaultState(string? Name, long Generation);

/// <summary>Bytes; null where there is no bound.</summary>
/// <param name="ReadyBytes">Of adapters that can answer at once.</param>
/// <param name="KvUsedBytes">Of keys and values that are in use or can be found again.</param>
/// <param name="ResidentSetBytes">What the operating system counts for the whole process.</param>
internal sealed record AdapterMemory(
    long? BudgetBytes, long ReadyBytes, long WeightsBytes, long KvBytes, long KvUsedBytes, long ResidentSetBytes)
{
    /// <summary>Adapters that were read since the start.</summary>
    public long Loads { get; init; }

    /// <summary>Adapters that made room for others since the start.</summary>
    public long Evictions { get; init; }

    public static AdapterMemory From(OpenedEngine opened)
    {
        var totals = opened.Adapters.Residency.Totals;
        var engine = opened.Engine.Statistics;
        var kvBytes = opened.Engine.KvBytes;
        return new AdapterMemory(
            totals.BudgetBytes, totals.ReadyBytes, opened.Engine.WeightBytes, kvBytes,
            engine.TotalBlocks == 0 ? 0 : (long)((double)kvBytes * engine.UsedBlocks / engine.TotalBlocks), Environment.WorkingSet)
        {
            Loads = totals.Loads,
            Evictions = totals.Evictions,
        };
    }
}

/// <summary>One adapter with all its versions.</summary>
internal sealed record AdapterState(
    string Name, string? Digest, long Generation, string Tier, long Bytes, long DiskBytes, int? Rank, string? Kind, int Leases, bool Pinned, string Priority)
{
    public string? LastUsed { get; init; }

    public long Requests { get; init; }

    public long Tokens { get; init; }

    public double TokensPerSecond { get; init; }

    public double? LoadMs { get; init; }

    public string? Problem { get; init; }

    public bool IsDefault { get; init; }

    /// <summary>The kind of the plan by which the name chooses versions.</summary>
    public required string Route { get; init; }

    /// <summary>The release that has not ended; null where there is none.</summary>
    public string? Release { get; init; }

    public required string Created { get; init; }

    public required string CreatedBy { get; init; }

    public required IReadOnlyList<VersionState> Versions { get; init; }

    public static AdapterState From(AdapterRecord adapter, OpenedEngine opened, ControlSnapshot state, AdapterActivity activity)
    {
        state.Aliases.TryGet(adapter.Name, out var alias);
        var versions = adapter.Versions.Reverse().Select(version => VersionState.From(version, alias, opened)).ToList();
        // An adapter of which nothing was released shows its newest version.
        var shown = adapter.Versions.FirstOrDefault(version => version.Digest == alias?.Digest) ?? adapter.Versions[^1];
        var resident = opened.Adapters.Residency.Find(shown.Digest);
        var counts = activity.Of(adapter.Name);
        return new AdapterState(
            adapter.Name, alias?.Digest.ToString(), alias?.Generation ?? 0, VersionState.Word(resident?.Tier), resident?.Bytes ?? shown.Bytes,
            opened.Adapters.Plane.Store.Bytes(shown.Digest), shown.Rank, shown.Kind, versions.Sum(version => version.Leases), adapter.IsPinned,
            Word(adapter.Priority))
        {
            LastUsed = resident?.LastUsed is { } used ? AdminCall.Show(used) : null,
            Requests = counts.Requests,
            Tokens = counts.Tokens,
            TokensPerSecond = Math.Round(counts.TokensPerSecond, 2),
            LoadMs = Milliseconds(resident?.LoadTime),
            Problem = resident?.Problem,
            IsDefault = alias is not null && state.Aliases.Default.Target == alias,
            Route = opened.Releases.Routes.Find(adapter.Name)?.Plan.Kind ?? "fixed",
            Release = opened.Releases.Conductor.FindRunning(adapter.Name)?.Id,
            Created = AdminCall.Show(adapter.Versions[0].Created),
            CreatedBy = adapter.Versions[0].CreatedBy,
            Versions = versions,
        };
    }

    public static double? Milliseconds(TimeSpan? time) => time is { } known ? Math.Round(known.TotalMilliseconds, 3) : null;

    public static string Word(AdapterPriority priority) => priority switch
    {
        AdapterPriority.Low => "low",
        AdapterPriority.High => "high",
        AdapterPriority.Critical => "critical",
        _ => "normal",
    };
}

/// <summary>One kept version.</summary>
internal sealed record VersionState(
    string Digest, string Created, string CreatedBy, string? Reason, long Bytes, long DiskBytes, int? Rank, string Tier, int Leases, bool IsCurrent, ProbeState Probe, string? Note)
{
    public static VersionState From(RegisteredVersion version, AdapterAlias? alias, OpenedEngine opened)
    {
        var resident = opened.Adapters.Residency.Find(version.Digest);
        return new VersionState(
            version.Digest.ToString(), AdminCall.Show(version.Created), version.CreatedBy, version.Reason, resident?.Bytes ?? version.Bytes,
            opened.Adapters.Plane.Store.Bytes(version.Digest), version.Rank, Word(resident?.Tier), resident?.Leases ?? 0,
            alias?.Digest == version.Digest, ProbeState.From(version.Probe), version.Note);
    }

    public static string Word(AdapterTier? tier) => tier switch
    {
        AdapterTier.Ready => "ready",
        AdapterTier.Loading => "loading",
        AdapterTier.Failed => "failed",
        AdapterTier.Disk => "disk",
        _ => "remote",
    };
}

/// <summary>What the probes of a version said.</summary>
internal sealed record ProbeState(string Outcome, int Checks, string? Detail)
{
    public static ProbeState From(VersionProbe probe) => new(
        probe.Outcome switch
        {
            ProbeOutcome.Passed => "passed",
            ProbeOutcome.Failed => "failed",
            ProbeOutcome.Sanity => "sanity",
            _ => "none",
        },
        probe.Checks, probe.Detail);
}

/// <summary>A version that was taken.</summary>
internal sealed record UploadResponse(
    string Name, string Digest, long Generation, string? PreviousDigest, bool Released, bool IsNew, long Bytes, int? Rank, ProbeState Probe, IReadOnlyList<string> Warnings, double LoadMs);

/// <summary>A name that changed its version.</summary>
internal sealed record ReleaseResponse(string Name, string Digest, long Generation, string? PreviousDigest, double SwitchMs);

/// <summary>Where a version is now.</summary>
internal sealed record MemoryResponse(string Name, string Digest, string Tier, double? LoadMs);

/// <summary>What was taken away.</summary>
internal sealed record RemovedResponse(string Name, IReadOnlyList<string> Removed);
