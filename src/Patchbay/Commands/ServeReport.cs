using System.Globalization;
using Patchbay.Server;
using Patchbay.Server.Hosting;

namespace Patchbay.Commands;

/// <summary>What <c>serve</c> prints when it is ready: where it is, what it has, and one line to try.</summary>
internal static class ServeReport
{
    public static void Write(TextWriter output, StartReport report, string url, TimeSpan startup)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Patchbay is ready after {startup.TotalSeconds:F2} s."));
        output.WriteLine();
        output.WriteLine($"  console   {(PatchbayServer.ConsolePath is { } path ? url + path : "not built in: npm was missing when this program was built")}");
        output.WriteLine($"  API       {url}/v1");
        output.WriteLine($"  model     {report.BaseName} ({report.Model.Architecture}, {report.Model.ContextLength} tokens of context)");
        var width = report.Adapters.Count == 0 ? 0 : report.Adapters.Max(adapter => adapter.Name.Length);
        var label = "adapters";
        foreach (var adapter in report.Adapters)
        {
            output.WriteLine($"  {label,-9} {adapter.Name.PadRight(width)}  {Describe(adapter)}");
            label = "";
        }
        if (report.Adapters.Count == 0)
        {
            output.WriteLine("  adapters  none");
        }
        var model = report.Adapters.FirstOrDefault(adapter => adapter.Problem is null)?.Name ?? report.BaseName;
        output.WriteLine();
        output.WriteLine($"Try:  curl {url}/v1/chat/completions -H 'content-type: application/json' \\");
        output.WriteLine($"           -d '{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'");
        output.Flush();
    }

    private static string Describe(FoundAdapter adapter) => adapter.Version is { } version
        ? $"{version.Kind,-7} rank {version.Rank,-4} {version.Digest.ToString()!.Substring("sha256:".Length, 12)}"
        : adapter.Digest is { } digest ? $"at first use     {digest.Substring("sha256:".Length, 12)}"
        : $"refused: {adapter.Problem}";
}
