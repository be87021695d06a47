using System.Diagnostics.CodeAnalysis;
using Patchbay.Control;
using Patchbay.Control.Residency;
using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>The engine as the residency sees it: reads versions of the store, leases them and frees them.</summary>
internal sealed class EngineAdapterLoader(InferenceEngine engine) : IAdapterLoader<AdapterVersion, AdapterLease>
{
    public event Action LastLeaseEnded
    {
        add => engine.AdapterLeasesEnded += value;
        remove => engine.AdapterLeasesEnded -= value;
    }

    public async Task<LoadedAdapter<AdapterVersion>> LoadAsync(VersionDigest digest, string path, CancellationToken cancellation)
    {
        try
        {
            // The engine hashes what it reads: files that changed since they were staged are not served.
            var version = await engine.LoadAdapterAsync(path, DigestOf(digest), cancellation);
            return new LoadedAdapter<AdapterVersion>(version, version.MemoryBytes);
        }
        catch (AdapterRefusedException refusal)
        {
            throw new AdapterLoadException(refusal.Message, innerException: refusal);
        }
        catch (OutOfMemoryException exhausted)
        {
            throw new AdapterLoadException("There is not enough memory to load this adapter.", isOutOfMemory: true, exhausted);
        }
    }

    public bool TryLease(AdapterVersion adapter, [NotNullWhen(true)] out AdapterLease? lease) => engine.TryAcquireAdapter(adapter.Digest, out lease);

    public bool TryEvict(AdapterVersion adapter) => engine.TryEvictAdapter(adapter);

    public void Retire(AdapterVersion adapter) => engine.RetireAdapter(adapter.Digest);

    public int CountLeases(AdapterVersion adapter) => engine.CountAdapterLeases(adapter);

    private static AdapterDigest DigestOf(VersionDigest digest) => AdapterDigest.TryParse(digest.ToString(), out var same)
        ? same
        : throw new InvalidOperationException("A digest is not sha256: and 64 hexadecimal digits.");
}
