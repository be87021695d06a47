using System.Text.RegularExpressions;

namespace Patchbay.Server.Tests.Architecture;

/// <summary>What the documents name exists.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void EveryLink_LeadsToAFile()
    {
        var missing = new List<string>();
        var count = 0;
        foreach (var document in Repository.Documents())
        {
            foreach (Match link in Link().Matches(File.ReadAllText(document)))
            {
                var target = link.Groups[1].Value;
                if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith('#'))
                {
                    continue;
                }

                count++;
                var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document)!, target.Split('#')[0]));
                if (!Path.Exists(path))
                {
                    missing.Add($"{Path.GetFileName(document)}: {target}");
                }
            }
        }

        Assert.True(count > 20);
        Assert.Equal([], missing);
    }

    [Fact]
    public void EveryLinkToASourceFile_NamesAFileOfThatName()
    {
        foreach (var document in Repository.Documents())
        {
            foreach (Match link in NamedLink().Matches(File.ReadAllText(document)))
            {
                Assert.Equal(link.Groups[1].Value, Path.GetFileNameWithoutExtension(link.Groups[2].Value));
            }
        }
    }

    [Fact]
    public void EveryNameInCodeStyle_OccursInTheSources()
    {
        var words = Repository.Sources().SelectMany(path => Word().Matches(File.ReadAllText(path)).Select(match => match.Value)).ToHashSet();
        var folders = Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"), "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path));
        words.UnionWith(folders);
        foreach (var document in Repository.Documents())
        {
            foreach (Match name in CodeName().Matches(File.ReadAllText(document)))
            {
                foreach (var part in name.Groups[1].Value.TrimEnd('/').Split('.', '/'))
                {
                    Assert.True(words.Contains(part), $"{Path.GetFileName(document)} names {name.Groups[1].Value}, which the sources do not have.");
                }
            }
        }
    }

    [Fact]
    public void NoDocument_NamesAMachine()
    {
        foreach (var document in Repository.Documents())
        {
            Assert.DoesNotMatch(@"/work/|/root/|/home/", File.ReadAllText(document));
        }
    }

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([A-Z]\w+)\]\(([^)\s]+\.cs)\)")]
    private static partial Regex NamedLink();

    [GeneratedRegex(@"`([A-Z][A-Za-z]+(?:[./][A-Z]?[A-Za-z]+)*/?)`")]
    private static partial Regex CodeName();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();
}
