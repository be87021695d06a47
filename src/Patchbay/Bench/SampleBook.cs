namespace Patchbay.Bench;

/// <summary>Collects samples by the name of what they measure, in the order in which names first appear.</summary>
internal sealed class SampleBook
{
    private readonly OrderedDictionary<string, (string Unit, List<double> Samples)> _rows = [];

    public IReadOnlyList<BenchRow> Rows => [.. _rows.Select(row => BenchRow.Of(row.Key, row.Value.Unit, row.Value.Samples))];

    public void Add(string name, string unit, double sample)
    {
        if (!_rows.TryGetValue(name, out var row))
        {
            row = (unit, []);
            _rows.Add(name, row);
        }
        row.Samples.Add(sample);
    }

    /// <summary>Adds how many per cent slower the second rate is than the first, both of the same round.</summary>
    public void AddCost(string name, double rate, double burdenedRate) => Add(name, "%", 100 * (1 - (burdenedRate / rate)));
}
