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
    /// <param name="triesSanity">What to do where there are none: a short trial, or nothing.</param>
    /// <returns>What they said, and warnings.</returns>
    public async Task<(VersionProbe Probe, IReadOnlyList<string> Warnings)> RunAsync(
        StagedVersion staged, bool triesSanity, CancellationToken cancellation)
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
            if (file is null)
            {
                return triesSanity ? await CheckSanityAsync(staged.Digest, cancellation) : (VersionProbe.None, []);
            }
            var difference = await ProbeRunner.FindDifferenceAsync(engine, () => Lease(staged.Digest), file, cancellation);
            return (new VersionProbe(difference is null ? ProbeOutcome.Passed : ProbeOutcome.Failed, file.Probes.Count, difference), []);
        }
        catch (RequestRefusedException refusal)
        {
            return (new VersionProbe(ProbeOutcome.Failed, file?.Probes.Count ?? 0, $"The probes could not run: {refusal.Message}"), []);
        }
    }

    private async Task<(VersionProbe Probe, IReadOnlyList<string> Warnings)> CheckSanityAsync(VersionDigest digest, CancellationToken cancellation)
    {
        var prompt = s_sanityPrompt.Select(token => Math.Min(token, engine.Model.VocabularySize - 1)).ToArray();
        var (row, _) = await ProbeRunner.AnswerAsync(engine, Lease(digest), prompt, 1, cancellation);
        if (Array.FindIndex(row, logit => !float.IsFinite(logit)) is >= 0 and var token)
        {
            return (new VersionProbe(ProbeOutcome.Failed, 1, $"The adapter makes logits that are no numbers (token {token}: {row[token]})."), []);
        }
        _baseRow ??= (await ProbeRunner.AnswerAsync(engine, null, prompt, 1, cancellation)).Row;
        var warnings = row.AsSpan().SequenceEqual(_baseRow)
            ? (string[])["The adapter changed nothing in a short trial: its weights may never have been trained, or act only later in a text."]
            : [];
        return (new VersionProbe(ProbeOutcome.Sanity, 1, warnings.FirstOrDefault()), warnings);
    }

    private AdapterLease Lease(VersionDigest digest) => residency.TryAcquire(digest, out var lease)
        ? lease
        : throw new InvalidOperationException("The version is leased by its admission, and yet not in memory.");
}
