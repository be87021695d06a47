namespace Patchbay.Control.Tests;

/// <summary>A directory that ends with its test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("patchbay-test-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    /// <summary>Writes an adapter directory: (name, content) pairs.</summary>
    public string Adapter(string name, params (string File, string Content)[] files)
    {
        var directory = Path.Combine(Root, name);
        Directory.CreateDirectory(directory);
        foreach (var (file, content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory, file))!);
            File.WriteAllText(Path.Combine(directory, file), content);
        }
        return directory;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
