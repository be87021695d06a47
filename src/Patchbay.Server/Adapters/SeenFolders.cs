using System.Text.Json;
using System.Text.Json.Serialization;

namespace Patchbay.Server.Adapters;

/// <summary>
/// Which state of each folder was dealt with, kept beside the journal so that a restart does not bring back what an operator
/// removed or rolled back meanwhile. Losing it costs a second look, never a wrong answer.
/// </summary>
/// <param name="path">The file; null keeps it in memory alone.</param>
internal sealed class SeenFolders(string? path)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _seen = Load(path);

    /// <summary>Whether this state of the folder was dealt with.</summary>
    public bool Contains(string folder, string fingerprint)
    {
        lock (_lock)
        {
            return _seen.TryGetValue(folder, out var seen) && seen == fingerprint;
        }
    }

    public void Add(string folder, string fingerprint)
    {
        lock (_lock)
        {
            _seen[folder] = fingerprint;
            Save();
        }
    }

    /// <summary>Forgets a folder that is gone; it would be new if it came back.</summary>
    public bool Remove(string folder)
    {
        lock (_lock)
        {
            var wasSeen = _seen.Remove(folder);
            if (wasSeen)
            {
                Save();
            }
            return wasSeen;
        }
    }

    /// <summary>The folders that were dealt with.</summary>
    public IReadOnlyList<string> Folders
    {
        get
        {
            lock (_lock)
            {
                return [.. _seen.Keys];
            }
        }
    }

    private void Save()
    {
        if (path is null)
        {
            return;
        }
        try
        {
            File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(_seen, SeenFoldersJson.Default.DictionaryStringString));
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A second look at the next start.
        }
    }

    private static Dictionary<string, string> Load(string? path)
    {
        try
        {
            return path is not null && File.Exists(path)
                ? new(JsonSerializer.Deserialize(File.ReadAllBytes(path), SeenFoldersJson.Default.DictionaryStringString) ?? [], StringComparer.Ordinal)
                : new(StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return new(StringComparer.Ordinal);
        }
    }
}

[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class SeenFoldersJson : JsonSerializerContext;
