using System.Diagnostics.CodeAnalysis;
using Patchbay.Control;
using Patchbay.Control.Residency;
using Patchbay.Engine;

namespace Patchbay.Server.Tests.Adapters;

/// <summary>A loader that fails when a test wants it to.</summary>
internal sealed class FaultyLoader(IAdapterLoader<AdapterVersion, AdapterLease> inner) : IAdapterLoader<AdapterVersion, AdapterLease>
{
    public event Action LastLeaseEnded
    {
        add => inner.LastLeaseEnded += value;
        remove => inner.LastLeaseEnded -= value;
    }

    /// <summary>Run before each load.</summary>
    public Action BeforeLoad { get; set; } = () => { };

    public Task<LoadedAdapter<AdapterVersion>> LoadAsync(VersionDigest digest, string path, CancellationToken cancellation)
    {
        BeforeLoad();
        return inner.LoadAsync(digest, path, cancellation);
    }

    public bool TryLease(AdapterVersion adapter, [NotNullWhen(true)] out AdapterLease? lease) => inner.TryLease(adapter, out lease);

    public bool TryEvict(AdapterVersion adapter) => inner.TryEvict(adapter);

    public void Retire(AdapterVersion adapter) => inner.Retire(adapter);

    public int CountLeases(AdapterVersion adapter) => inner.CountLeases(adapter);
}
