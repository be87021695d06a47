using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Server.Adapters;

namespace Patchbay.Server.Probes;

/// <summary>
/// <c>probes.json</c> beside an adapter: what it must answer before it becomes visible. Recorded with
/// <c>patchbay adapter probe --record</c> on the base that it was trained on.
/// </summary>
/// <param name="Probes">1 to <see cref="MostProbes"/> of them.</param>
public sealed record ProbeFile(IReadOnlyList<Probe> Probes)
{
    /// <summary>The file's name.</summary>
    public const string Name = "probes.json";

    /// <summary>Most probes of one adapter.</summary>
    public const int MostProbes = 32;

    private const int MostTokens = 2048;
    private const int MostBytes = 1 << 20;

    /// <summary>Reads the file of an adapter's directory; null where it has none.</summary>
    /// <exception cref="InvalidDataException">The file breaks a rule; the message names the field.</exception>
    public static ProbeFile? Read(string directory) =>
        AdapterSideFile.Read(directory, Name, MostBytes, ProbeJson.Strict.ProbeFile, file => file.FindProblem());

    /// <summary>Writes it beside an adapter.</summary>
    public void Write(string directory) =>
        File.WriteAllBytes(Path.Combine(directory, Name), JsonSerializer.SerializeToUtf8Bytes(this, ProbeJson.Strict.ProbeFile));

    private string? FindProblem()
    {
        if (Probes is null || Probes.Count is 0 or > MostProbes)
        {
            return $"probes: expected 1 to {MostProbes} probes, found {Probes?.Count ?? 0}.";
        }
        for (var i = 0; i < Probes.Count; i++)
        {
            if (FindProblem(Probes[i]) is { } problem)
            {
                return $"probes[{i}].{problem}";
            }
        }
        return null;
    }

    private static string? FindProblem(Probe probe)
    {
        if (probe.Prompt is null || probe.Prompt.Count is 0 or > MostTokens || probe.Prompt.Any(token => token < 0))
        {
            return $"prompt: expected 1 to {MostTokens} token ids.";
        }
        if ((probe.Greedy is null || probe.Greedy.Count == 0) && (probe.Top is null || probe.Top.Count == 0))
        {
            return "greedy: expected tokens here or logits in 'top'; found neither.";
        }
        if (probe.Greedy?.Count > MostTokens || probe.Top?.Count > MostTokens)
        {
            return $"greedy: expected at most {MostTokens} tokens.";
        }
        return probe.Tolerance is >= 0 and < 1e6 ? null : "tolerance: expected a number of 0 or more.";
    }
}

/// <summary>One recorded answer.</summary>
/// <param name="Prompt">Token ids.</param>
/// <param name="Greedy">The tokens that follow greedily.</param>
/// <param name="Top">Logits after the prompt.</param>
/// <param name="Tolerance">How far a logit may be off. By default as far as Q8 weights are from the stored ones, so that a probe holds under both.</param>
public sealed record Probe(IReadOnlyList<int> Prompt, IReadOnlyList<int>? Greedy, IReadOnlyList<ProbeLogit>? Top, double Tolerance = 0.25)
{
    /// <summary>The prompt as people read it.</summary>
    public string? Text { get; init; }
}

/// <summary>A logit that was recorded.</summary>
public sealed record ProbeLogit(int Token, float Logit);

/// <summary>Fields that nobody knows are refused: a misspelt one would be a probe that proves nothing.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProbeFile))]
internal sealed partial class ProbeJson : JsonSerializerContext
{
    public static ProbeJson Strict => Default;
}
