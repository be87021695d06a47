using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>
/// What answers one request: the base, or one adapter version with a lease for each of the request's answers. Owns the
/// leases until the engine takes them over.
/// </summary>
internal sealed class AnsweringModel : IDisposable
{
    private readonly Queue<AdapterLease> _leases;

    public AnsweringModel(string model, string label, string? digest, long generation, IEnumerable<AdapterLease> leases)
    {
        Model = model;
        Label = label;
        Digest = digest;
        Generation = generation;
        _leases = new Queue<AdapterLease>(leases);
    }

    /// <summary>The name that the answer's <c>model</c> field carries.</summary>
    public string Model { get; }

    /// <summary>What <c>x-adapter</c> says: <c>base</c>, or the adapter's name.</summary>
    public string Label { get; }

    /// <summary>The version; null for the base.</summary>
    public string? Digest { get; }

    /// <summary>Of the alias that decided; 0 where the request named base or version itself.</summary>
    public long Generation { get; }

    /// <summary>Hands one lease to the engine; null for the base.</summary>
    public AdapterLease? TakeLease() => _leases.TryDequeue(out var lease) ? lease : null;

    public void Dispose()
    {
        while (_leases.TryDequeue(out var lease))
        {
            lease.Dispose();
        }
    }
}
