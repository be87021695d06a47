using Patchbay.Machine;

namespace Patchbay.Bench;

/// <summary>One run of the benchmark: what was measured, on what.</summary>
/// <param name="Date">When it began, in UTC.</param>
/// <param name="Machine">Processor, kernels and versions.</param>
/// <param name="Model">Name of the model's directory or file, or of its shape.</param>
/// <param name="Weights">How weights were held.</param>
/// <param name="Threads">Worker threads of the kernels.</param>
/// <param name="Rounds">How often each work was done.</param>
/// <param name="ReadGigabytesPerSecond">A plain read loop before the first and after the last round: how quiet the machine was.</param>
/// <param name="Rows">The figures.</param>
internal sealed record BenchReport(
    DateTimeOffset Date,
    MachineFacts Machine,
    string Model,
    string Weights,
    int Threads,
    int Rounds,
    IReadOnlyList<double> ReadGigabytesPerSecond,
    IReadOnlyList<BenchRow> Rows);

/// <summary>One figure over all its samples.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">What the numbers count.</param>
/// <param name="Median">The middle sample.</param>
/// <param name="Lowest">The least sample.</param>
/// <param name="Highest">The greatest sample.</param>
/// <param name="P99">The sample that 99 of 100 do not exceed.</param>
/// <param name="Samples">All of them, in the order they were taken.</param>
internal sealed record BenchRow(
    string Name, string Unit, double Median, double Lowest, double Highest, double P99, IReadOnlyList<double> Samples)
{
    public static BenchRow Of(string name, string unit, IReadOnlyList<double> samples)
    {
        var sorted = samples.Order().ToList();
        return new BenchRow(name, unit, Middle(sorted), sorted[0], sorted[^1], sorted[(int)Math.Ceiling(sorted.Count * 0.99) - 1], samples);
    }

    private static double Middle(List<double> sorted) => (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
}
