using System.Globalization;
using Spectre.Console;

namespace Patchbay.Bench;

/// <summary>Shows a report: a table for people, Markdown for pipes.</summary>
internal static class BenchTable
{
    // From so many samples on, the 99th percentile says more than the greatest one.
    private const int ManySamples = 100;

    public static void Write(BenchReport report)
    {
        var heading = string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Model}, weights {report.Weights}, {report.Threads} threads, {report.Rounds} rounds; read loop {string.Join(" and ", report.ReadGigabytesPerSecond.Select(rate => rate.ToString("F1", CultureInfo.InvariantCulture)))} GB/s");
        Console.Out.WriteLine(report.Machine.Describe());
        Console.Out.WriteLine(heading);
        Console.Out.WriteLine();
        string[] columns = ["", "median", "lowest", "highest", "p99", ""];
        var rows = report.Rows.Select(Cells).ToList();
        if (Console.IsOutputRedirected)
        {
            WriteMarkdown(columns, rows);
        }
        else
        {
            WriteTable(columns, rows);
        }
    }

    private static string[] Cells(BenchRow row) =>
        [row.Name, Show(row.Median), Show(row.Lowest), Show(row.Highest), row.Samples.Count >= ManySamples ? Show(row.P99) : "", row.Unit];

    // Three digits, as many as repeat from run to run.
    private static string Show(double value) => Math.Abs(value) switch
    {
        >= 100 => value.ToString("F0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        >= 0.1 => value.ToString("F2", CultureInfo.InvariantCulture),
        _ => value.ToString("F4", CultureInfo.InvariantCulture),
    };

    private static void WriteMarkdown(string[] columns, List<string[]> rows)
    {
        Console.Out.WriteLine($"| {string.Join(" | ", columns)} |");
        Console.Out.WriteLine($"|{string.Concat(Enumerable.Repeat("---|", columns.Length))}");
        rows.ForEach(row => Console.Out.WriteLine($"| {string.Join(" | ", row)} |"));
    }

    private static void WriteTable(string[] columns, List<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var (index, column) in columns.Index())
        {
            table.AddColumn(new TableColumn(column) { Alignment = index is > 0 and < 5 ? Justify.Right : Justify.Left });
        }
        rows.ForEach(row => table.AddRow([.. row.Select(cell => new Text(cell))]));
        AnsiConsole.Write(table);
    }
}
