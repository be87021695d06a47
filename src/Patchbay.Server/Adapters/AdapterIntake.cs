using Patchbay.Control;
using Patchbay.Control.Residency;
using Patchbay.Control.Versions;
using Patchbay.Engine;
using Patchbay.Server.Http;
using Patchbay.Server.Probes;

namespace Patchbay.Server.Adapters;

/// <summary>What the operator decided about the door.</summary>
/// <param name="Base">What it says about the base that a version was trained on.</param>
/// <param name="Checks">Own checks, in this order.</param>
internal sealed record IntakeOptions(BaseCheck Base, IReadOnlyList<IAdapterCheck> Checks);

/// <summary>
/// The door: a staged version is read, packed and tried out in the memory for adapters, where nobody can reach it yet, and
/// becomes a version of the store only when everything is as it should be.
/// <code>
/// 1 read: files, shapes, finite values     AdapterResidency, within its budget
/// 2 base: the one it was trained on        BaseCheck
/// 3 probe: recorded answers, or sanity     AdapterProber
/// 4 own checks                             IAdapterCheck
/// 5 publish in the store
/// </code>
/// </summary>
internal sealed class AdapterIntake(
    ControlPlane plane, AdapterResidency<AdapterVersion, AdapterLease> residency, AdapterProber prober, IntakeOptions options)
{
    // Two uploads of the same bytes share one place in memory; the second waits for what the first one finds.
    private readonly NameGate _digests = new();

    /// <summary>Looks at a version under the name that it is to have. The caller disposes the answer, and with it what was refused.</summary>
    /// <param name="triesSanity">Whether a version without recorded probes is tried out.</param>
    /// <exception cref="OperationCanceledException">The caller left; nothing is kept.</exception>
    public async Task<Admission> AdmitAsync(string name, StagedVersion staged, bool triesSanity, CancellationToken cancellation)
    {
        using var passage = await _digests.EnterAsync(staged.Digest.ToString(), cancellation);
        AdapterLease? lease = null;
        var isAdmitted = false;
        try
        {
            // 1
            residency.Register(staged.Digest, staged.DirectoryPath, staged.Bytes);
            var acquired = await residency.AcquireAsync(staged.Digest, cancellation);
            if (acquired.Lease is null)
            {
                return Refuse(staged, acquired);
            }
            lease = acquired.Lease;
            var admission = await ExamineAsync(name, staged, lease, triesSanity, cancellation);
            if (admission.Outcome == AdmissionOutcome.Admitted)
            {
                // 5: nothing can evict it in between, because the lease is held.
                staged.Publish();
                residency.Register(staged.Digest, staged.DirectoryPath, admission.Version!.MemoryBytes);
                isAdmitted = true;
            }
            return admission;
        }
        catch
        {
            lease?.Dispose();
            throw;
        }
        finally
        {
            if (!isAdmitted && !plane.Snapshot.IsRegistered(staged.Digest))
            {
                residency.Remove(staged.Digest);
            }
        }
    }

    private async Task<Admission> ExamineAsync(
        string name, StagedVersion staged, AdapterLease lease, bool triesSanity, CancellationToken cancellation)
    {
        var version = lease.Version;
        var warnings = new List<string>();
        var problems = new List<FieldError>();
        await options.Base.CompareAsync(version, staged.DirectoryPath, warnings, problems, cancellation); // 2
        var probe = VersionProbe.None;
        if (problems.Count == 0)
        {
            (probe, var found) = FindEarlier(staged.Digest) is { } earlier
                ? (earlier, [])
                : await prober.RunAsync(staged, triesSanity, cancellation); // 3
            warnings.AddRange(found);
            if (probe.Outcome == ProbeOutcome.Failed)
            {
                problems.Add(new FieldError(ProbeFile.Name, probe.Detail!));
            }
        }
        foreach (var check in problems.Count == 0 ? options.Checks : []) // 4
        {
            if (await RunAsync(check, new AdapterCandidate(name, staged.DirectoryPath, version), cancellation) is { } problem)
            {
                problems.Add(new FieldError("check", problem));
                break;
            }
        }
        return new Admission(problems.Count == 0 ? AdmissionOutcome.Admitted : AdmissionOutcome.Refused, staged, lease)
        {
            Probe = probe,
            Problems = problems,
            Warnings = warnings,
            LoadMilliseconds = residency.Find(staged.Digest)?.LoadTime?.TotalMilliseconds ?? 0,
        };
    }

    // The same bytes on the same base answer the same.
    private VersionProbe? FindEarlier(VersionDigest digest) => plane.Snapshot.Adapters.Values
        .Select(adapter => adapter.TryGet(digest, out var version) ? version.Probe : null)
        .FirstOrDefault(probe => probe is { Outcome: ProbeOutcome.Passed or ProbeOutcome.Sanity });

    private static async Task<string?> RunAsync(IAdapterCheck check, AdapterCandidate candidate, CancellationToken cancellation)
    {
        try
        {
            return await check.FindProblemAsync(candidate, cancellation);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // A check that is broken must not let everything through.
            return $"The check {check.GetType().Name} failed and so did not accept the adapter.";
        }
    }

    private static Admission Refuse(StagedVersion staged, Acquisition<AdapterLease> acquired)
    {
        var outcome = acquired.Outcome switch
        {
            AcquireOutcome.NoRoom => AdmissionOutcome.NoRoom,
            AcquireOutcome.Failed => AdmissionOutcome.Refused,
            _ => AdmissionOutcome.Busy,
        };
        return new Admission(outcome, staged, null)
        {
            Problems = [new FieldError("adapter", acquired.Problem!)],
            RetryAfter = acquired.RetryAfter,
        };
    }
}
