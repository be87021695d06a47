using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Control;

namespace Patchbay.Server.Adapters;

/// <summary>
/// <c>adapters.json</c> in the adapters directory: names, priorities and pins that adapters get when they come in for the first
/// time, and which of them are read only when they are used. A folder that it does not list is taken under its own name.
/// </summary>
/// <param name="Adapters">In any order.</param>
internal sealed record AdapterManifest(IReadOnlyList<ManifestEntry> Adapters)
{
    public const string FileName = "adapters.json";

    private const int MostBytes = 4 << 20;

    /// <summary>A directory without a manifest.</summary>
    public static AdapterManifest Empty { get; } = new([]);

    /// <summary>Reads the manifest of a directory; <see cref="Empty"/> where it has none.</summary>
    /// <exception cref="InvalidDataException">The file breaks a rule; the message names the field.</exception>
    public static AdapterManifest Read(string? directory)
    {
        var path = directory is null ? null : Path.Combine(directory, FileName);
        if (path is null || !File.Exists(path))
        {
            return Empty;
        }
        if (new FileInfo(path).Length > MostBytes)
        {
            throw new InvalidDataException($"{FileName}: expected at most {MostBytes} bytes.");
        }
        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), ManifestJson.Default.AdapterManifest);
            return manifest?.Adapters is null
                ? throw new InvalidDataException($"{FileName}: adapters: expected an array, found null.")
                : manifest.FindProblem() is { } problem ? throw new InvalidDataException($"{FileName}: {problem}") : manifest;
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException($"{FileName}: {wrong.Path ?? "$"} is not what was expected at line {wrong.LineNumber + 1}.", wrong);
        }
    }

    /// <summary>What is said about a folder.</summary>
    public ManifestEntry Of(string folder) =>
        Adapters.FirstOrDefault(entry => entry.Folder == folder) ?? new ManifestEntry(folder);

    private string? FindProblem()
    {
        for (var i = 0; i < Adapters.Count; i++)
        {
            var entry = Adapters[i];
            if (string.IsNullOrEmpty(entry.Name))
            {
                return $"adapters[{i}].name: expected a name.";
            }
            if (entry.Folder.Length == 0 || entry.Folder != Path.GetFileName(entry.Folder) || entry.Folder is "." or "..")
            {
                return $"adapters[{i}].directory: expected the name of a folder beside {FileName}.";
            }
            if (Adapters.Take(i).Any(other => other.Name == entry.Name || other.Folder == entry.Folder))
            {
                return $"adapters[{i}]: expected each name and directory once.";
            }
        }
        return null;
    }
}

/// <summary>What a manifest says about one adapter.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Directory">Its folder; null is the one of its name.</param>
/// <param name="Priority">Decides who is unloaded first.</param>
/// <param name="Pinned">Whether it stays in memory.</param>
/// <param name="Load">Whether it is read at start or at its first use.</param>
internal sealed record ManifestEntry(
    string Name, string? Directory = null, AdapterPriority Priority = AdapterPriority.Normal, bool Pinned = false, LoadTime Load = LoadTime.Preload)
{
    [JsonIgnore]
    public string Folder => Directory ?? Name;
}

/// <summary>When an adapter is read.</summary>
internal enum LoadTime
{
    /// <summary>At start.</summary>
    Preload,

    /// <summary>At its first use.</summary>
    Lazy,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(AdapterManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
