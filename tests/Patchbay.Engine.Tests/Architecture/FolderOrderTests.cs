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
        Assert.True(files.Count > 100);

        // Types of a folder's own namespace need an import; the public ones share the root's namespace wherever they lie.
        var shared = files
            .Where(file => file.Text.Contains("namespace Patchbay.Engine;", StringComparison.Ordinal))
            .SelectMany(file => Declaration().Matches(file.Text).Select(match => (Type: match.Groups[1].Value, Place: Place(file.Path))))
            .ToDictionary(entry => entry.Type, entry => entry.Place);
        var wrong = new List<string>();
        foreach (var (path, text) in files)
        {
            wrong.AddRange(Import().Matches(text).Select(match => match.Groups[1].Value)
                .Where(folder => Array.IndexOf(s_topToBottom, folder) is var place && place >= 0 && place < Place(path))
                .Select(folder => $"{path} uses {folder}, which lies above it"));
            wrong.AddRange(Word().Matches(text).Select(match => match.Value).Distinct()
                .Where(word => shared.TryGetValue(word, out var place) && place < Place(path))
                .Select(word => $"{path} uses {word}, which lies above it"));
        }

        Assert.Equal([], wrong);
    }

    private static int Place(string path) =>
        Array.IndexOf(s_topToBottom, path.Contains(Path.DirectorySeparatorChar) ? path[..path.IndexOf(Path.DirectorySeparatorChar)] : "");

    private static string WithoutComments(string text) => Comment().Replace(text, "");

    [GeneratedRegex(@"//[^\n]*|""(?:\\.|[^""\\])*""")]
    private static partial Regex Comment();

    // At the beginning of a line: nested types are nobody else's.
    [GeneratedRegex(@"^[a-z][a-z ]*\b(?:class|struct|interface|enum|record)\s+(?:struct\s+)?([A-Z]\w*)", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"\bEngine\.([A-Z]\w+)")]
    private static partial Regex Import();
}
