using System.Diagnostics.CodeAnalysis;

namespace Patchbay.Control.Residency;

/// <summary>
/// What reads versions into memory, counts their leases and frees them. The residency decides which and when; it calls
/// everything but <see cref="LoadAsync"/> and <see cref="TryLease"/> under its own lock, so those must be quick.
/// </summary>
/// <typeparam name="TAdapter">A version in memory.</typeparam>
/// <typeparam name="TLease">The right to use one; disposing it gives the right back.</typeparam>
public interface IAdapterLoader<TAdapter, TLease>
    where TAdapter : class
    where TLease : class, IDisposable
{
    /// <summary>Reads and checks a version. Must end soon after it is cancelled, or succeed in spite of it.</summary>
    /// <exception cref="AdapterLoadException">It cannot be loaded; the message may be shown to callers.</exception>
    Task<LoadedAdapter<TAdapter>> LoadAsync(VersionDigest digest, string path, CancellationToken cancellation);

    /// <summary>Counts one more lease; false once the version was evicted or retired.</summary>
    bool TryLease(TAdapter adapter, [NotNullWhen(true)] out TLease? lease);

    /// <summary>Frees a version that has no lease, and gives none from then on; false, and nothing happens, while one is held.</summary>
    bool TryEvict(TAdapter adapter);

    /// <summary>Gives no new leases and frees the version with its last one.</summary>
    void Retire(TAdapter adapter);

    /// <summary>Leases that are held now.</summary>
    int CountLeases(TAdapter adapter);

    /// <summary>Raised on any thread after the last lease of some version ended.</summary>
    event Action LastLeaseEnded;
}

/// <summary>A version that was read.</summary>
/// <param name="Adapter">What can be leased.</param>
/// <param name="Bytes">Memory that it takes.</param>
public readonly record struct LoadedAdapter<TAdapter>(TAdapter Adapter, long Bytes);

/// <summary>A version that cannot be loaded, for a reason that may be shown to callers.</summary>
public sealed class AdapterLoadException : Exception
{
    /// <param name="message">One sentence without paths.</param>
    /// <param name="isOutOfMemory">Whether only memory was missing.</param>
    /// <param name="innerException">What led to it.</param>
    public AdapterLoadException(string message, bool isOutOfMemory = false, Exception? innerException = null)
        : base(message, innerException) => IsOutOfMemory = isOutOfMemory;

    /// <summary>Whether only memory was missing.</summary>
    public bool IsOutOfMemory { get; }
}
