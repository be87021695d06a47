using System.Text.Json;

namespace Patchbay.Logits;

/// <summary>One case of a cases.json: a prompt for a base model with adapters, in the format of tests/fixtures/README.md.</summary>
/// <param name="Name">Unique in its file.</param>
/// <param name="Base">Directory of the base model, relative to the root.</param>
/// <param name="Adapters">Directories of adapters, relative to the root, and their weights; empty is the base model.</param>
/// <param name="Prompt">Token ids.</param>
/// <param name="Positions">The prompt positions whose logits are wanted; null wants all.</param>
/// <param name="GreedyCount">How many tokens to continue with.</param>
/// <param name="IsRouted">Whether tokens are routed between the adapters (Arrow) instead of adding them up.</param>
internal sealed record LogitsCase(
    string Name, string Base, IReadOnlyList<(string Path, double Weight)> Adapters, int[] Prompt, int[]? Positions, int GreedyCount, bool IsRouted)
{
    private const int DefaultGreedyCount = 16;

    /// <exception cref="InvalidDataException">The file is not a list of cases.</exception>
    public static IReadOnlyList<LogitsCase> Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. json.RootElement.EnumerateArray().Select(Read)];
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{Path.GetFileName(path)} is not a list of cases: {exception.Message}", exception);
        }
    }

    private static LogitsCase Read(JsonElement json) => new(
        json.GetProperty("name").GetString() ?? throw new FormatException("a case has no name"),
        json.GetProperty("base").GetString() ?? throw new FormatException("a case has no base"),
        json.TryGetProperty("adapters", out var adapters) ? [.. adapters.EnumerateArray().Select(ReadAdapter)] : [],
        Numbers(json.GetProperty("input_ids")),
        json.TryGetProperty("positions", out var positions) ? Numbers(positions) : null,
        json.TryGetProperty("greedy", out var greedy) ? greedy.GetArrayLength() : DefaultGreedyCount,
        json.TryGetProperty("arrow", out var arrow) && arrow.ValueKind != JsonValueKind.Null);

    private static (string Path, double Weight) ReadAdapter(JsonElement json) => (
        json.GetProperty("path").GetString() ?? throw new FormatException("an adapter has no path"),
        json.TryGetProperty("weight", out var weight) ? weight.GetDouble() : 1);

    private static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetInt32())];
}
