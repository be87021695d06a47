using System.Diagnostics.CodeAnalysis;
using Patchbay.Control.Residency;

namespace Patchbay.Control.Tests.Residency;

/// <summary>A version in a memory that is only counted.</summary>
internal sealed class FakeAdapter(VersionDigest digest, long bytes)
{
    public VersionDigest Digest => digest;

    public long Bytes => bytes;

    public int Leases { get; set; }

    public bool IsRetired { get; set; }

    public bool IsFreed { get; set; }
}

internal sealed class FakeLease(Action end) : IDisposable
{
    private Action? _end = end;

    public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
}

/// <summary>A loader whose loads end when a test ends them, and that notices every broken rule.</summary>
internal sealed class FakeLoader(bool endsByItself = false) : IAdapterLoader<FakeAdapter, FakeLease>
{
    private readonly Lock _lock = new();

    public event Action? LastLeaseEnded;

    public List<PendingLoad> Pending { get; } = [];

    public List<VersionDigest> Started { get; } = [];

    public Dictionary<VersionDigest, long> Sizes { get; } = [];

    public long Bytes { get; private set; }

    public long MostBytes { get; private set; }

    public async Task<LoadedAdapter<FakeAdapter>> LoadAsync(VersionDigest digest, string path, CancellationToken cancellation)
    {
        PendingLoad load;
        lock (_lock)
        {
            Started.Add(digest);
            Assert.DoesNotContain(Pending, pending => pending.Digest == digest);
            load = new PendingLoad(digest, cancellation);
            Pending.Add(load);
        }
        if (endsByItself)
        {
            load.Succeed();
        }
        try
        {
            await load.Task;
        }
        finally
        {
            lock (_lock)
            {
                Pending.Remove(load);
            }
        }
        lock (_lock)
        {
            var adapter = new FakeAdapter(digest, Sizes.GetValueOrDefault(digest, 10));
            Bytes += adapter.Bytes;
            MostBytes = Math.Max(MostBytes, Bytes);
            return new LoadedAdapter<FakeAdapter>(adapter, adapter.Bytes);
        }
    }

    public bool TryLease(FakeAdapter adapter, [NotNullWhen(true)] out FakeLease? lease)
    {
        lock (_lock)
        {
            lease = null;
            if (adapter.IsRetired || adapter.IsFreed)
            {
                return false;
            }
            adapter.Leases++;
            lease = new FakeLease(() => End(adapter));
            return true;
        }
    }

    public bool TryEvict(FakeAdapter adapter)
    {
        lock (_lock)
        {
            if (adapter.Leases > 0)
            {
                return false;
            }
            Free(adapter);
            return true;
        }
    }

    public void Retire(FakeAdapter adapter)
    {
        lock (_lock)
        {
            adapter.IsRetired = true;
            if (adapter.Leases == 0)
            {
                Free(adapter);
            }
        }
    }

    public int CountLeases(FakeAdapter adapter)
    {
        lock (_lock)
        {
            return adapter.Leases;
        }
    }

    private void End(FakeAdapter adapter)
    {
        lock (_lock)
        {
            Assert.False(adapter.IsFreed);
            if (--adapter.Leases > 0)
            {
                return;
            }
            if (adapter.IsRetired)
            {
                Free(adapter);
            }
        }
        LastLeaseEnded?.Invoke();
    }

    private void Free(FakeAdapter adapter)
    {
        Assert.False(adapter.IsFreed);
        Assert.Equal(0, adapter.Leases);
        adapter.IsFreed = true;
        Bytes -= adapter.Bytes;
    }
}

/// <summary>A load that runs until it is ended.</summary>
internal sealed class PendingLoad(VersionDigest digest, CancellationToken cancellation)
{
    private readonly TaskCompletionSource _end = new();

    public VersionDigest Digest => digest;

    public bool IsCancelled => cancellation.IsCancellationRequested;

    public Task Task => _end.Task;

    public void Succeed() => _end.SetResult();

    public void Fail(Exception problem) => _end.SetException(problem);

    /// <summary>Ends as a reader does that looks at its token between two pieces.</summary>
    public void Obey() => _end.SetException(new OperationCanceledException(cancellation));
}
