using Patchbay.Control;
using Patchbay.Control.Residency;
using Patchbay.Control.Routing;
using Patchbay.Control.Versions;
using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>
/// What requests need of adapters: from a model string to leases on one version. Reads one snapshot of the control plane
/// without a lock; a version that is not in memory is waited for, outside of the engine's loop. Changes nothing.
/// </summary>
internal sealed class AdapterService(
    ControlPlane plane, AdapterResidency<AdapterVersion, AdapterLease> residency, ModelRouter router, AdapterDirectory directory, RouteTable routes)
{
    // A request can lose the race against a removal once or twice; this many times it means that something is broken.
    private const int MaxAttempts = 64;

    /// <summary>The present state of names and versions.</summary>
    public ControlSnapshot State => plane.Snapshot;

    /// <summary>The present names.</summary>
    public AliasSnapshot Aliases => plane.Snapshot.Aliases;

    /// <summary>What the base model is called.</summary>
    public string BaseName => router.BaseName;

    /// <summary>The operator's directory.</summary>
    public AdapterDirectory Directory => directory;

    /// <summary>Which versions are in memory.</summary>
    public AdapterResidency<AdapterVersion, AdapterLease> Residency => residency;

    /// <summary>Audit chain and store, beside the state.</summary>
    public ControlPlane Plane => plane;

    /// <summary>Finds what answers to a model string.</summary>
    public Route Resolve(string? name) => VersionRouter.Resolve(router, name, plane.Snapshot);

    /// <summary>
    /// Finds what answers a request, by the plan of its alias unless it names a version itself, and takes
    /// <paramref name="answers"/> leases on it, all of one version. A version that a plan chose and that cannot be had costs nobody
    /// an answer: the alias's own one is taken.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller left while the version was loaded.</exception>
    public async ValueTask<AcquiredModel> AcquireAsync(string? name, RouteKey key, int answers, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var state = plane.Snapshot;
            var route = VersionRouter.Resolve(router, name, state);
            if (route.Kind == RouteKind.Base)
            {
                return new AcquiredModel(AnsweringModel.OfBase(BaseName, route.Generation), route.Kind);
            }
            if (route.Kind != RouteKind.Adapter)
            {
                return new AcquiredModel(null, route.Kind);
            }
            var own = new RoutedAdapter(route.Alias!, route.Generation, 1);
            var chosen = Choose(own, name, key, state);
            var acquired = await LeaseAsync([chosen], answers, cancellation);
            if (acquired.Model is null && chosen.Alias.Digest != own.Alias.Digest)
            {
                acquired = (await LeaseAsync([own], answers, cancellation)) with { Missed = chosen };
            }
            // The version may have been removed since the snapshot was read; the next one has its successor.
            if (acquired.Refusal is not { Outcome: AcquireOutcome.Unknown })
            {
                return acquired;
            }
        }
        throw new InvalidOperationException("An adapter's name was published without its version.");
    }

    /// <summary>Finds the adapters of a selection in one state of the aliases and leases each for every answer.</summary>
    /// <exception cref="OperationCanceledException">The caller left while a version was loaded.</exception>
    public async ValueTask<AcquiredModel> AcquireAsync(AdapterSelection selection, int answers, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var state = plane.Snapshot;
            var parts = SelectionRouter.Resolve(selection, part => VersionRouter.Resolve(router, part, state), state.Aliases, out var problem);
            if (problem is not null)
            {
                return new AcquiredModel(null, RouteKind.NotFound) { Problem = problem };
            }
            if (parts.Count == 0)
            {
                return new AcquiredModel(AnsweringModel.OfBase(BaseName, 0), RouteKind.Base);
            }
            var acquired = await LeaseAsync(parts, answers, cancellation);
            if (acquired.Refusal is not { Outcome: AcquireOutcome.Unknown })
            {
                return acquired;
            }
        }
        throw new InvalidOperationException("An adapter's name was published without its version.");
    }

    /// <summary>Makes a version that a name or a kept version stands for known to the residency again.</summary>
    public bool Restore(VersionDigest digest)
    {
        var state = plane.Snapshot;
        var version = state.Adapters.Values.Select(adapter => adapter.TryGet(digest, out var found) ? found : null).FirstOrDefault(found => found is not null);
        if (version is null)
        {
            return false;
        }
        residency.Register(digest, plane.Store.TryGetPath(digest, out var path) ? path : null, version.Bytes);
        return true;
    }

    private RoutedAdapter Choose(RoutedAdapter own, string? name, in RouteKey key, ControlSnapshot state)
    {
        var isPinned = name?.Contains(VersionDigest.Algorithm, StringComparison.Ordinal) == true;
        if (isPinned || routes.Find(own.Alias.Name, state) is not { } plan)
        {
            return own;
        }
        var choice = plan.Choose(key, own.Alias.Digest);
        return own with { Alias = own.Alias with { Digest = choice.Digest }, Arm = choice.Arm, Shadow = choice.Shadow };
    }

    // All leases for all answers, or none. While it waits for one version it holds no other: two requests that wait for each
    // other's memory would wait for ever.
    private async ValueTask<AcquiredModel> LeaseAsync(List<RoutedAdapter> parts, int answers, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt <= parts.Count * 4; attempt++)
        {
            var leases = new List<AdapterWeight>(parts.Count * answers);
            var missing = TakeAll(parts, answers, leases);
            if (missing is null)
            {
                return Answering(parts, leases);
            }
            var waited = await residency.AcquireAsync(missing.Value, cancellation);
            if (waited is { Outcome: AcquireOutcome.Unknown } && Restore(missing.Value))
            {
                continue;
            }
            if (waited.Lease is not { } lease)
            {
                return new AcquiredModel(null, RouteKind.Adapter) { Refusal = waited with { Lease = null } };
            }
            using (lease)
            {
                // While this lease is held its version stays, so one adapter alone succeeds here.
                if (TakeAll(parts, answers, leases) is null)
                {
                    return Answering(parts, leases);
                }
            }
        }
        return new AcquiredModel(null, RouteKind.Adapter)
        {
            Refusal = new Acquisition<AdapterLease>(
                AcquireOutcome.Busy, null, "The adapters of this request do not fit into the memory for adapters together now.", TimeSpan.FromSeconds(5)),
        };
    }

    private static AcquiredModel Answering(List<RoutedAdapter> parts, List<AdapterWeight> leases) =>
        new(AnsweringModel.OfAdapters(parts, [.. leases.Chunk(parts.Count)]), RouteKind.Adapter);

    // Null when all are taken, else the first version that is not in memory; then none is.
    private VersionDigest? TakeAll(List<RoutedAdapter> parts, int answers, List<AdapterWeight> leases)
    {
        while (leases.Count < parts.Count * answers)
        {
            var part = parts[leases.Count % parts.Count];
            if (!residency.TryAcquire(part.Alias.Digest, out var lease))
            {
                leases.ForEach(taken => taken.Lease.Dispose());
                leases.Clear();
                return part.Alias.Digest;
            }
            leases.Add(new AdapterWeight(lease, part.Weight));
        }
        return null;
    }
}
