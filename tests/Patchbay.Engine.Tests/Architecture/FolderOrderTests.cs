using System.Text.RegularExpressions;

namespace Patchbay.Engine.Tests.Architecture;

/// <summary>The layout of the engine is its architecture: a folder uses only folders below it.</summary>
public sealed partial class FolderOrderTests
{
    private static readonly string[] s_topToBottom =
        ["", "Scheduling", "Sampling", "Models", "Layers", "Adapters", "KvCache", "Text", "Checkpoints", "Kernels", "Tensors"];

    private static readonly string s_engine = Path.Combine(Fixtures.Repository, "src", "Patchbay.Engine");

    [Fact]
    public void EveryFolder_IsInTheOrder()
    {
        var folders = Directory.GetDirectories(s_engine).Select(path => Path.GetFileName(path)).Where(name => name is not ("bin" or "obj"));
        Assert.Equal([], folders.Except(s_topToBottom));
    }

    [Fact]
    public void EveryFile_UsesOnlyFoldersBelowItsOwn()
    {
        var files = Directory.EnumerateFiles(s_engine, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: Path.GetRelativePath(s_engine, path), Text: WithoutComments(File.ReadAllText(path))))
            .ToList();
        var folderOf = files
            .SelectMany(file => Declaration().Matches(file.Text).Select(match => (Type: match.Groups[1].Value, Folder: FolderOf(file.Path))))
            .GroupBy(entry => entry.Type)
            .Where(group => group.Select(entry => entry.Folder).Distinct().Count() == 1)
            .ToDictionary(group => group.Key, group => group.First().Folder);
        Assert.True(files.Count > 100 && folderOf.Count > 100);
        var wrong = new List<string>();
        foreach (var (path, text) in files)
        {
            var place = Array.IndexOf(s_topToBottom, FolderOf(path));
            var own = Declaration().Matches(text).Select(match => match.Groups[1].Value).ToHashSet();
            foreach (var type in Word().Matches(text).Select(match => match.Value).Distinct())
            {
                if (!own.Contains(type) && folderOf.TryGetValue(type, out var folder) && Array.IndexOf(s_topToBottom, folder) < place
                    && !IsMemberName(text, type))
                {
                    wrong.Add($"{path} uses {type}, which lies above it in '{folder}'");
                }
            }

            foreach (Match match in Import().Matches(text))
            {
                if (Array.IndexOf(s_topToBottom, match.Groups[1].Value) is var used && used >= 0 && used < place)
                {
                    wrong.Add($"{path} imports {match.Groups[1].Value}, which lies above it");
                }
            }
        }

        Assert.Equal([], wrong);
    }

    private static string FolderOf(string path) => path.Contains(Path.DirectorySeparatorChar) ? path[..path.IndexOf(Path.DirectorySeparatorChar)] : "";

    // A property or method may share its name with a type elsewhere: only uses that can be the type count.
    private static bool IsMemberName(string text, string type) =>
        !Regex.IsMatch(text, $@"(?<![\w.])(?:new\s+|<\s*|\(\s*|:\s*|is\s+(?:not\s+)?|as\s+|typeof\(|^\s*(?:public|private|internal|static|readonly)\s+(?:[\w<>?]+\s+)*){type}\b(?!\s*[=({{]\s*get)", RegexOptions.Multiline)
        && !Regex.IsMatch(text, $@"\b{type}\s*[.?<]\s*\w|\b{type}\s+_?[a-z]\w*\b");

    private static string WithoutComments(string text) => Comment().Replace(text, "");

    [GeneratedRegex(@"//[^\n]*|""(?:\\.|[^""\\])*""")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record)\s+(?:struct\s+)?([A-Z]\w*)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"using Patchbay\.Engine\.(\w+)")]
    private static partial Regex Import();
}
