using System.Globalization;
using Patchbay.Engine;

namespace Patchbay.Server.Probes;

/// <summary>Asks the engine what probes ask: greedy tokens and the logits after a prompt. Knows nothing of names.</summary>
public static class ProbeRunner
{
    /// <summary>Answers a prompt greedily.</summary>
    /// <param name="lease">What answers; null is the base. It is released in any case.</param>
    /// <param name="count">Tokens to generate, at least one.</param>
    /// <returns>The row of logits after the prompt, and the tokens.</returns>
    /// <exception cref="RequestRefusedException">The engine does not take it.</exception>
    public static async Task<(float[] Row, IReadOnlyList<int> Tokens)> AnswerAsync(
        InferenceEngine engine, AdapterLease? lease, IReadOnlyList<int> prompt, int count, CancellationToken cancellation)
    {
        float[] row = [];
        var generation = engine.Generate(
            new GenerationRequest
            {
                PromptTokens = prompt.ToArray(),
                Adapter = lease,
                MaxTokens = count,
                Sampling = SamplingOptions.Greedy,
                IgnoreEndOfSequence = true,
                PromptLogits = (position, logits) => row = position == prompt.Count - 1 ? logits.ToArray() : row,
            },
            cancellation);
        var tokens = new List<int>(count);
        await foreach (var token in generation)
        {
            tokens.Add(token.Id);
        }
        return (row, tokens);
    }

    /// <summary>Runs all probes of a file.</summary>
    /// <param name="lease">Gives a lease for each of them.</param>
    /// <returns>The first difference in one sentence; null where everything came out.</returns>
    public static async Task<string?> FindDifferenceAsync(
        InferenceEngine engine, Func<AdapterLease> lease, ProbeFile file, CancellationToken cancellation)
    {
        for (var i = 0; i < file.Probes.Count; i++)
        {
            var probe = file.Probes[i];
            var (row, tokens) = await AnswerAsync(engine, lease(), probe.Prompt, Math.Max(1, probe.Greedy?.Count ?? 1), cancellation);
            if (FindDifference(probe, row, tokens) is { } difference)
            {
                return $"{ProbeFile.Name}: probes[{i}]: {difference}";
            }
        }
        return null;
    }

    /// <summary>Records what answers now.</summary>
    /// <param name="text">The prompt as people read it.</param>
    /// <param name="count">Greedy tokens.</param>
    /// <param name="top">Logits, the largest ones.</param>
    public static async Task<Probe> RecordAsync(
        InferenceEngine engine, AdapterLease lease, IReadOnlyList<int> prompt, string? text, (int Count, int Top) size, CancellationToken cancellation)
    {
        var (row, tokens) = await AnswerAsync(engine, lease, prompt, size.Count, cancellation);
        var largest = row.Select((logit, token) => new ProbeLogit(token, logit)).OrderByDescending(logit => logit.Logit).ThenBy(logit => logit.Token).Take(size.Top);
        return new Probe(prompt, tokens, [.. largest]) { Text = text };
    }

    private static string? FindDifference(Probe probe, float[] row, IReadOnlyList<int> tokens)
    {
        foreach (var expected in probe.Top ?? [])
        {
            var exists = expected.Token >= 0 && expected.Token < row.Length;
            if (!exists || !(Math.Abs(row[expected.Token] - expected.Logit) <= probe.Tolerance))
            {
                var found = exists ? row[expected.Token].ToString(CultureInfo.InvariantCulture) : "no such token";
                return string.Create(
                    CultureInfo.InvariantCulture, $"the logit of token {expected.Token} was recorded as {expected.Logit} ± {probe.Tolerance}; found {found}.");
            }
        }
        for (var i = 0; i < (probe.Greedy?.Count ?? 0); i++)
        {
            if (i >= tokens.Count || tokens[i] != probe.Greedy![i])
            {
                var found = i < tokens.Count ? tokens[i].ToString(CultureInfo.InvariantCulture) : "the end";
                return $"greedy token {i} was recorded as {probe.Greedy![i]}; found {found}.";
            }
        }
        return null;
    }
}
