using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Patchbay.Server.Adapters;

/// <summary>Reads a small JSON file beside an adapter's weights, such as <c>probes.json</c>.</summary>
internal static class AdapterSideFile
{
    /// <summary>Reads the file of an adapter's directory; null where it has none.</summary>
    /// <param name="directory">The adapter's.</param>
    /// <param name="name">The file's name, with which every message begins.</param>
    /// <param name="mostBytes">Bytes that it may have.</param>
    /// <param name="type">What it holds.</param>
    /// <param name="findProblem">The field that breaks a rule and why; null where none does.</param>
    /// <exception cref="InvalidDataException">The file breaks a rule; the message names the field.</exception>
    public static T? Read<T>(string directory, string name, int mostBytes, JsonTypeInfo<T> type, Func<T, string?> findProblem)
        where T : class
    {
        var path = Path.Combine(directory, name);
        if (!File.Exists(path))
        {
            return null;
        }
        if (new FileInfo(path).Length > mostBytes)
        {
            throw new InvalidDataException($"{name}: expected at most {mostBytes} bytes.");
        }
        try
        {
            var file = JsonSerializer.Deserialize(File.ReadAllBytes(path), type)
                ?? throw new InvalidDataException($"{name}: expected an object, found null.");
            return findProblem(file) is { } problem ? throw new InvalidDataException($"{name}: {problem}") : file;
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException($"{name}: {wrong.Path ?? "$"} is not what was expected at line {wrong.LineNumber + 1}.", wrong);
        }
    }
}
