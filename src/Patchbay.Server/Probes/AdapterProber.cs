using System.Globalization;
using Patchbay.Control;
using Patchbay.Control.Residency;
using Patchbay.Control.Versions;
using Patchbay.Engine;

namespace Patchbay.Server.Probes;

/// <summary>
/// Tries a version in the engine, beside the running answers: recorded answers must come out; without any, its numbers must be
/// finite, and one that changes nothing is noticed.
/// </summary>
internal sealed class AdapterProber(InferenceEngine engine, AdapterResidency<AdapterVersion, AdapterLease> residency)
{
    // Enough for attention to see more than one token; the same for every adapter, so that the base's row is computed once.
    private static readonly int[] s_sanityPrompt = [1, 2, 3, 5, 7, 11];

    // Two that come first compute it twice; it is the same.
    private volatile float[]? _baseRow;

    /// <summary>Runs the probes of a version that is in memory.</summary>
    /// <returns>What they said, and warnings.</returns>
    public async Task<(VersionProbe Probe, IReadOnlyList<string> Warnings)> RunAsync(StagedVersion staged, CancellationToken cancellation)
    {
        ProbeFile? file;
        try
        {
            file = ProbeFile.Read(staged.DirectoryPath);
        }
        catch (InvalidDataException broken)
        {
            return (new VersionProbe(ProbeOutcome.Failed, 0, broken.Message), []);
        }
        try
        {
            return file is null
                ? await CheckSanityAsync(staged.Digest, cancellation)
                : (await CompareAsync(staged.Digest, file, cancellation), []);
        }
        catch (RequestRefusedException refusal)
        {
            return (new VersionProbe(ProbeOutcome.Failed, file?.Probes.Count ?? 0, $"The probes could not run: {refusal.Message}"), []);
        }
    }

    private async Task<VersionProbe> CompareAsync(VersionDigest digest, ProbeFile file, CancellationToken cancellation)
    {
        for (var i = 0; i < file.Probes.Count; i++)
        {
            var probe = file.Probes[i];
            var (row, tokens) = await AnswerAsync(digest, probe.Prompt, Math.Max(1, probe.Greedy?.Count ?? 1), cancellation);
            if (FindDifference(probe, row, tokens) is { } difference)
            {
                return new VersionProbe(ProbeOutcome.Failed, file.Probes.Count, $"{ProbeFile.Name}: probes[{i}]: {difference}");
            }
        }
        return new VersionProbe(ProbeOutcome.Passed, file.Probes.Count, null);
    }

    private static string? FindDifference(Probe probe, float[] row, List<int> tokens)
    {
        foreach (var expected in probe.Top ?? [])
        {
            if (expected.Token < 0 || expected.Token >= row.Length || !(Math.Abs(row[expected.Token] - expected.Logit) <= probe.Tolerance))
            {
                var found = expected.Token < 0 || expected.Token >= row.Length ? "no such token" : row[expected.Token].ToString(CultureInfo.InvariantCulture);
                return string.Create(
                    CultureInfo.InvariantCulture, $"the logit of token {expected.Token} was recorded as {expected.Logit} ± {probe.Tolerance}; found {found}.");
            }
        }
        for (var i = 0; i < (probe.Greedy?.Count ?? 0); i++)
        {
            if (i >= tokens.Count || tokens[i] != probe.Greedy![i])
            {
                return $"greedy token {i} was recorded as {probe.Greedy![i]}; found {(i < tokens.Count ? tokens[i].ToString(CultureInfo.InvariantCulture) : "the end")}.";
            }
        }
        return null;
    }

    private async Task<(VersionProbe Probe, IReadOnlyList<string> Warnings)> CheckSanityAsync(VersionDigest digest, CancellationToken cancellation)
    {
        var prompt = s_sanityPrompt.Select(token => Math.Min(token, engine.Model.VocabularySize - 1)).ToArray();
        var (row, _) = await AnswerAsync(digest, prompt, 1, cancellation);
        if (Array.FindIndex(row, logit => !float.IsFinite(logit)) is >= 0 and var token)
        {
            return (new VersionProbe(ProbeOutcome.Failed, 1, $"The adapter makes logits that are no numbers (token {token}: {row[token]})."), []);
        }
        _baseRow ??= (await AnswerAsync(null, prompt, 1, cancellation)).Row;
        var warnings = row.AsSpan().SequenceEqual(_baseRow)
            ? (string[])["The adapter changed nothing in a short trial: its weights may never have been trained, or act only later in a text."]
            : [];
        return (new VersionProbe(ProbeOutcome.Sanity, 1, warnings.FirstOrDefault()), warnings);
    }

    private async Task<(float[] Row, List<int> Tokens)> AnswerAsync(
        VersionDigest? digest, IReadOnlyList<int> prompt, int count, CancellationToken cancellation)
    {
        AdapterLease? lease = null;
        if (digest is { } version && !residency.TryAcquire(version, out lease))
        {
            throw new InvalidOperationException("The version is leased by its admission, and yet not in memory.");
        }
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
}
