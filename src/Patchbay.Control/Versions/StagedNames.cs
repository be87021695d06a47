namespace Patchbay.Control.Versions;

/// <summary>The names of a version so far: each a good one, and no two that some system could not tell apart.</summary>
internal sealed class StagedNames(StoreLimits limits)
{
    private readonly Dictionary<string, (string Path, bool IsFile)> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _tops = new(StringComparer.Ordinal);
    private bool _hasFileAtTop;

    /// <exception cref="VersionRefusedException">The name is bad, or there is one like it.</exception>
    public void Add(string name)
    {
        if (VersionFileName.FindProblem(name, limits) is { } problem)
        {
            throw new VersionRefusedException(VersionRefusal.Name, $"The file name {VersionFileName.Show(name)} {problem}.");
        }
        for (var slash = name.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = name.IndexOf('/', slash + 1))
        {
            Note(name[..slash], isFile: false);
        }
        Note(name, isFile: true);
        var top = name.IndexOf('/', StringComparison.Ordinal);
        _hasFileAtTop |= top < 0;
        _tops.Add(top < 0 ? name : name[..top]);
    }

    /// <summary>The one folder that everything is in; null where there is none.</summary>
    public string? FindWrapper() => !_hasFileAtTop && _tops.Count == 1 ? _tops.Single() : null;

    private void Note(string path, bool isFile)
    {
        var fold = VersionFileName.Fold(path);
        if (_seen.TryAdd(fold, (path, isFile)))
        {
            return;
        }
        var (other, otherIsFile) = _seen[fold];
        if (other != path)
        {
            throw new VersionRefusedException(
                VersionRefusal.Name,
                $"The file names {VersionFileName.Show(other)} and {VersionFileName.Show(path)} differ only in case or Unicode form.");
        }
        if (isFile || otherIsFile)
        {
            throw new VersionRefusedException(VersionRefusal.Name, $"The file name {VersionFileName.Show(path)} occurs twice.");
        }
    }
}
