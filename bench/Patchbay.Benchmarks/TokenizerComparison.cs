using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Patchbay.Engine.Text;

namespace Patchbay.Benchmarks;

/// <summary>
/// Encodes the same English text with Patchbay's tokenizers and with Hugging Face's, in turn, and prints medians and their ratio.
/// Every pass is cold: a tokenizer that was just loaded, a text it has not seen; ours after one pass of another tokenizer, so
/// that the JIT has done its work as it has in a server.
/// </summary>
internal static partial class TokenizerComparison
{
    private const int Rounds = 5;
    private const int TextBytes = 6_000_000;
    private const int DocumentBytes = 16_000;

    public static int Run(string nodeModules, string packages, string texts)
    {
        var documents = ReadDocuments(texts);
        var megabytes = documents.Sum(document => Encoding.UTF8.GetByteCount(document)) / 1e6;
        var textFile = Path.GetTempFileName();
        File.WriteAllText(textFile, string.Join('\0', documents));
        Console.WriteLine($"{documents.Count} documents, {megabytes:F1} MB; medians of {Rounds} interleaved rounds");
        Console.WriteLine("| tokenizer | load ms, ours / theirs | MB/s cold, ours / theirs | ratio | tokens equal |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var path in Directory.GetDirectories(packages).Select(folder => Path.Combine(folder, "models", "tokenizer.json")).Where(File.Exists).Order(StringComparer.Ordinal))
        {
            var ours = new List<Measure>();
            var theirs = new List<Measure>();
            MeasureOurs(path, documents);
            for (var round = 0; round < Rounds; round++)
            {
                ours.Add(MeasureOurs(path, documents));
                theirs.Add(MeasureTheirs(nodeModules, path, textFile));
            }

            var name = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(path)))!;
            var (mine, other) = (Median(ours.Select(m => megabytes * 1000 / m.EncodeMs)), Median(theirs.Select(m => megabytes * 1000 / m.EncodeMs)));
            Console.WriteLine(
                $"| {name} | {Median(ours.Select(m => m.LoadMs)):F0} / {Median(theirs.Select(m => m.LoadMs)):F0} | {mine:F1} / {other:F1} | {mine / other:F1} | {(ours[0].Tokens == theirs[0].Tokens ? "yes" : "NO")} |");
        }

        File.Delete(textFile);
        return 0;
    }

    private static List<string> ReadDocuments(string folder)
    {
        var documents = new List<string>();
        var bytes = 0;
        foreach (var file in Directory.GetFiles(folder, "*.xml").Order(StringComparer.Ordinal))
        {
            var text = Blank().Replace(Tag().Replace(File.ReadAllText(file), " "), " ").Replace('\0', ' ');
            for (var start = 0; start + DocumentBytes <= text.Length && bytes < TextBytes; start += DocumentBytes)
            {
                documents.Add(text.Substring(start, DocumentBytes));
                bytes += DocumentBytes;
            }
        }

        return documents;
    }

    private static Measure MeasureOurs(string path, List<string> documents)
    {
        var json = File.ReadAllBytes(path);
        var started = Stopwatch.GetTimestamp();
        var tokenizer = Tokenizer.FromJson(json);
        var load = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        started = Stopwatch.GetTimestamp();
        var tokens = documents.Sum(document => (long)tokenizer.Encode(document, addSpecialTokens: false).Length);
        return new Measure(load, Stopwatch.GetElapsedTime(started).TotalMilliseconds, tokens);
    }

    private static Measure MeasureTheirs(string nodeModules, string path, string textFile)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "tokenizers.mjs");
        using var node = Process.Start(new ProcessStartInfo("node", [script, Path.GetFullPath(nodeModules), Path.GetFullPath(path), textFile]) { RedirectStandardOutput = true })!;
        using var answer = JsonDocument.Parse(node.StandardOutput.ReadToEnd());
        return new Measure(
            answer.RootElement.GetProperty("loadMs").GetDouble(), answer.RootElement.GetProperty("encodeMs").GetDouble(), answer.RootElement.GetProperty("tokens").GetInt64());
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"[ \t]+")]
    private static partial Regex Blank();

    private readonly record struct Measure(double LoadMs, double EncodeMs, long Tokens);
}
