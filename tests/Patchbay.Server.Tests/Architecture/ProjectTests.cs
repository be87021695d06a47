using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Patchbay.Server.Tests.Architecture;

/// <summary>References between projects run one way, and nothing in them is there for tests alone.</summary>
public sealed partial class ProjectTests
{
    private static readonly Dictionary<string, string[]> s_references = new()
    {
        ["Patchbay"] = ["Patchbay.Server"],
        ["Patchbay.Server"] = ["Patchbay.Engine", "Patchbay.Control"],
        ["Patchbay.Control"] = [],
        ["Patchbay.Engine"] = [],
    };

    [Fact]
    public void EveryProject_ReferencesOnlyWhatItMay()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var references = XDocument.Load(file).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));
            Assert.True(s_references.TryGetValue(name, out var allowed), $"{name} is not in the table of projects.");
            Assert.Equal([], references.Except(allowed));
        }
    }

    [Fact]
    public void EveryInternalType_IsUsedByTheSourcesThemselves()
    {
        var sources = Repository.Sources().Select(path => (Path: path, Text: File.ReadAllText(path))).ToList();
        var uses = sources.SelectMany(source => Word().Matches(source.Text).Select(match => match.Value)).GroupBy(word => word).ToDictionary(group => group.Key, group => group.Count());
        var unused = new List<string>();
        foreach (var (path, text) in sources)
        {
            foreach (Match declaration in Declaration().Matches(text))
            {
                // Declared once; a constructor or a file of the same type adds further words, a use at least one.
                var type = declaration.Groups[1].Value;
                var isExtension = text.Contains($"static class {type}", StringComparison.Ordinal) && text.Contains("(this ", StringComparison.Ordinal);
                if (uses[type] < 2 && !isExtension)
                {
                    unused.Add($"{type} in {Path.GetFileName(path)}");
                }
            }
        }

        Assert.Equal([], unused);
    }

    [GeneratedRegex(@"\binternal (?:sealed |static |abstract |readonly |unsafe |partial |ref )*(?:class|struct|interface|enum|record)(?: struct)? ([A-Z]\w*)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();
}
