using Patchbay.Control;
using Patchbay.Control.Residency;
using Patchbay.Server.Endpoints;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Adapters;

/// <summary>Where adapter versions are and what memory they take, in Prometheus' format.</summary>
internal static class AdapterMetrics
{
    // All versions are counted by tier; only those in memory, on their way or failed get series of their own, and no more than these.
    private const int MaxVersions = 4096;

    /// <summary>Writes the present state of all versions.</summary>
    public static void Write(PrometheusText text, AdapterService adapters)
    {
        var versions = new List<(string Name, ResidentState State)>();
        foreach (var adapter in adapters.State.Adapters.Values.OrderBy(adapter => adapter.Name, StringComparer.Ordinal))
        {
            versions.AddRange(adapter.Versions.Select(version => adapters.Residency.Find(version.Digest)).OfType<ResidentState>().Select(state => (adapter.Name, state)));
        }
        Write(text, versions, adapters.Residency.Totals);
    }

    /// <param name="versions">Adapter and state of each kept version; two adapters may have the same one.</param>
    /// <param name="totals">The memory of all.</param>
    internal static void Write(PrometheusText text, IReadOnlyList<(string Name, ResidentState State)> versions, ResidencyTotals totals)
    {
        text.Family("patchbay_adapters", "gauge", "Kept adapter versions, by how far they are from answering.");
        foreach (var tier in Enum.GetValues<AdapterTier>())
        {
            text.Sample(versions.Count(version => version.State.Tier == tier), [("tier", VersionState.Word(tier))]);
        }
        WriteVersions(text, [.. versions.Where(version => version.State.Tier is AdapterTier.Loading or AdapterTier.Ready or AdapterTier.Failed).Take(MaxVersions)]);
        text.Family("patchbay_adapters_memory_bytes", "gauge", "Memory of adapters that can answer, and memory set aside for those that are read.")
            .Sample(totals.ReadyBytes, [("state", "ready")])
            .Sample(totals.ReservedBytes, [("state", "reserved")]);
        if (totals.BudgetBytes is { } budget)
        {
            text.Family("patchbay_adapters_memory_budget_bytes", "gauge", "Most memory of all adapters together.").Sample(budget);
        }
        text.Family("patchbay_adapter_waiters", "gauge", "Callers that wait for an adapter to be loaded.").Sample(totals.Waiters);
        text.Family("patchbay_adapter_loads_total", "counter", "Adapters that were read.").Sample(totals.Loads);
        text.Family("patchbay_adapter_evictions_total", "counter", "Adapters that made room for others.").Sample(totals.Evictions);
    }

    private static void WriteVersions(PrometheusText text, List<(string Name, ResidentState State)> versions)
    {
        text.Family("patchbay_adapter_tier", "gauge", "1 for the tier of a version that is ready, loading or failed.");
        foreach (var (name, state) in versions)
        {
            text.Sample(1, [("adapter", name), ("digest", state.Digest.ToString()), ("tier", VersionState.Word(state.Tier))]);
        }
        Write(text, versions, "patchbay_adapter_bytes", "Memory that a version takes or is expected to take.", static state => state.Bytes);
        Write(text, versions, "patchbay_adapter_leases", "Running and waiting answers that hold a version.", static state => state.Leases);
        Write(text, versions, "patchbay_adapter_load_seconds", "How long the last load of a version took.", static state => state.LoadTime?.TotalSeconds);
    }

    private static void Write(
        PrometheusText text, List<(string Name, ResidentState State)> versions, string name, string help, Func<ResidentState, double?> select)
    {
        text.Family(name, "gauge", help);
        foreach (var (adapter, state) in versions)
        {
            if (select(state) is { } value)
            {
                text.Sample(value, [("adapter", adapter), ("digest", state.Digest.ToString())]);
            }
        }
    }
}
