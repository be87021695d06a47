namespace Patchbay.Server.Adapters;

/// <summary>The operator's directory of adapters, one directory each (what PEFT saves, or one GGUF file), and the wall around it.</summary>
public sealed class AdapterDirectory
{
    private const string ConfigFile = "adapter_config.json";

    private readonly string? _givenRoot;
    private readonly string? _root;
    private readonly bool _allowOutside;

    /// <summary>Names the directory; nothing is read before it is asked for.</summary>
    /// <param name="root">The directory; null where the operator gave none.</param>
    /// <param name="allowOutside">Whether callers may name directories anywhere.</param>
    public AdapterDirectory(string? root, bool allowOutside)
    {
        _givenRoot = root is null ? null : Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _root = _givenRoot is null ? null : RealPath(_givenRoot);
        _allowOutside = allowOutside;
    }

    /// <summary>The directory itself; null where the operator gave none.</summary>
    public string? Root => _root;

    /// <summary>Every adapter in the directory, by the name of its folder; the directory itself if it is one adapter.</summary>
    public IReadOnlyList<(string Name, string Path)> Scan()
    {
        if (_root is null || !Directory.Exists(_root))
        {
            return [];
        }
        if (HoldsAdapter(_root))
        {
            return [(Path.GetFileName(_givenRoot)!, _root)];
        }
        return [.. Directory.EnumerateDirectories(_root)
            .Where(HoldsAdapter)
            .Select(path => (Path.GetFileName(path), path))
            .OrderBy(adapter => adapter.Item1, StringComparer.Ordinal)];
    }

    /// <summary>Finds the folder of this name; the caller has checked that the name is no path.</summary>
    public bool TryFind(string name, out string path) => Resolve(name, out path) == AdapterPathOutcome.Found;

    /// <summary>Finds the directory that a caller named, absolute or relative to the adapters directory.</summary>
    public AdapterPathOutcome Resolve(string requested, out string path)
    {
        path = "";
        if (requested.Contains('\0', StringComparison.Ordinal) || (_root is null && !_allowOutside))
        {
            return AdapterPathOutcome.NotFound;
        }
        var full = BelowRealRoot(Path.GetFullPath(requested, _root ?? Environment.CurrentDirectory));
        // The text decides first, so that an answer never tells what exists beyond the wall.
        if (!_allowOutside && !IsInside(full))
        {
            return AdapterPathOutcome.Outside;
        }
        if (!HoldsAdapter(full))
        {
            return AdapterPathOutcome.NotFound;
        }
        try
        {
            if (!_allowOutside && EscapesThroughLink(full))
            {
                return AdapterPathOutcome.Outside;
            }
        }
        catch (IOException)
        {
            // A circle of links, or a file that went away meanwhile.
            return AdapterPathOutcome.NotFound;
        }
        path = full;
        return AdapterPathOutcome.Found;
    }

    private static bool HoldsAdapter(string directory) =>
        File.Exists(Path.Combine(directory, ConfigFile)) || (Directory.Exists(directory) && Directory.GetFiles(directory, "*.gguf").Length == 1);

    private bool IsInside(string full) => IsBelow(full, _root!);

    private static bool IsBelow(string full, string root) =>
        full.Equals(root, StringComparison.Ordinal)
        || full.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // The operator may have named the directory through a link; callers then use the same name.
    private string BelowRealRoot(string full) =>
        _givenRoot is not null && IsBelow(full, _givenRoot) ? _root + full[_givenRoot.Length..] : full;

    private bool EscapesThroughLink(string directory) =>
        !IsInside(RealPath(directory)) || Directory.EnumerateFileSystemEntries(directory).Any(entry => !IsInside(RealPath(entry)));

    // Follows the links of every part of a path, not of its last one alone.
    private static string RealPath(string full)
    {
        var root = Path.GetPathRoot(full)!;
        var real = root;
        foreach (var part in full[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            FileSystemInfo entry = Directory.Exists(real) ? new DirectoryInfo(real) : new FileInfo(real);
            if (entry.LinkTarget is { } target)
            {
                // A target may lead through further links; a cycle ends in an exception of the file system.
                var final = entry.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? target;
                real = final == real ? real : RealPath(final);
            }
        }
        return real;
    }
}
