using Patchbay.Control;
using Patchbay.Control.Residency;
using Patchbay.Server.Adapters;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Tests.Adapters;

public sealed class AdapterMetricsTests
{
    [Fact]
    public void VersionsOfSeveralTiers_Write_AreCountedAndNamedOnlyWhereTheyTakeMemory()
    {
        var text = Write(
            [("medical", State('a', AdapterTier.Ready, 3)), ("finance", State('b', AdapterTier.Failed, 0)), ("legal", State('c', AdapterTier.Disk, 0))],
            new ResidencyTotals(1000, 200, 50, 1, 7, 2));

        Assert.Contains("patchbay_adapters{tier=\"ready\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("patchbay_adapters{tier=\"disk\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("patchbay_adapters{tier=\"loading\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains($"patchbay_adapter_tier{{adapter=\"finance\",digest=\"{Digest('b')}\",tier=\"failed\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"patchbay_adapter_leases{{adapter=\"medical\",digest=\"{Digest('a')}\"}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains($"patchbay_adapter_load_seconds{{adapter=\"medical\",digest=\"{Digest('a')}\"}} 0.25\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("adapter=\"legal\"", text, StringComparison.Ordinal);
        Assert.Contains("patchbay_adapters_memory_bytes{state=\"reserved\"} 50\n", text, StringComparison.Ordinal);
        Assert.Contains("patchbay_adapters_memory_budget_bytes 1000\n", text, StringComparison.Ordinal);
        Assert.Contains("patchbay_adapter_evictions_total 2\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void EndlessVersionsInMemory_Write_StayBounded()
    {
        var versions = Enumerable.Range(0, 5000).Select(i => ($"adapter-{i}", State('a', AdapterTier.Ready, 0))).ToList();
        var text = Write(versions, new ResidencyTotals(null, 0, 0, 0, 0, 0));

        Assert.Contains("patchbay_adapters{tier=\"ready\"} 5000\n", text, StringComparison.Ordinal);
        Assert.Equal(4096, text.Split("patchbay_adapter_tier{").Length - 1);
        Assert.DoesNotContain("patchbay_adapters_memory_budget_bytes", text, StringComparison.Ordinal);
    }

    private static string Write(IReadOnlyList<(string Name, ResidentState State)> versions, ResidencyTotals totals)
    {
        var text = new PrometheusText();
        AdapterMetrics.Write(text, versions, totals);
        return text.ToString();
    }

    private static string Digest(char digit) => "sha256:" + new string(digit, 64);

    private static ResidentState State(char digit, AdapterTier tier, int leases)
    {
        Assert.True(VersionDigest.TryParse(Digest(digit), out var digest));
        return new ResidentState(
            digest, tier, 100, leases, false, AdapterPriority.Normal, null, tier == AdapterTier.Ready ? TimeSpan.FromSeconds(0.25) : null, null);
    }
}
