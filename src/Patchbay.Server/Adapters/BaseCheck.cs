using Patchbay.Engine;
using Patchbay.Server.Http;

namespace Patchbay.Server.Adapters;

/// <summary>
/// Whether a new version belongs to the base that is served: by name, by revision where both sides know one, and by digest where the
/// version states one. What differs is refused, or only told where the operator allows it.
/// </summary>
internal sealed class BaseCheck(ServedBase served, bool allowsMismatch)
{
    private const int ShortestCommit = 7;

    /// <summary>Adds what is wrong to <paramref name="problems"/>, and what is worth knowing to <paramref name="warnings"/>.</summary>
    public async Task CompareAsync(
        AdapterVersion version, string directory, List<string> warnings, List<FieldError> problems, CancellationToken cancellation)
    {
        BaseFile? file;
        try
        {
            file = BaseFile.Read(directory);
        }
        catch (InvalidDataException broken)
        {
            problems.Add(new FieldError(BaseFile.Name, broken.Message));
            return;
        }
        var differences = new List<FieldError>();
        CompareName(version, warnings, differences);
        CompareRevision("revision", version.BaseRevision, differences);
        CompareRevision(BaseFile.Name, file?.Revision, differences);
        await CompareDigestAsync(file, differences, cancellation);
        if (allowsMismatch)
        {
            warnings.AddRange(differences.Select(difference => difference.Message));
        }
        else
        {
            problems.AddRange(differences.Select(difference => difference with
            {
                Message = $"{difference.Message} The operator can allow it with --allow-base-mismatch.",
            }));
        }
    }

    private void CompareName(AdapterVersion version, List<string> warnings, List<FieldError> differences)
    {
        var named = Path.GetFileName(version.BaseModel);
        switch (BaseBinding.Compare(version.BaseModel, [.. served.Names]))
        {
            case BaseMatch.Different:
                differences.Add(new FieldError("base_model_name_or_path", $"The adapter was trained on '{named}', and this server serves '{served.Names[0]}'."));
                break;
            case BaseMatch.Similar:
                warnings.Add($"The adapter names the base '{named}'; this server serves '{served.Names[0]}'.");
                break;
        }
    }

    // Commits can be compared; a branch or tag says nothing about a commit.
    private void CompareRevision(string field, string? stated, List<FieldError> differences)
    {
        if (stated is not null && served.Revision is { } own && IsCommit(stated) && IsCommit(own)
            && !own.StartsWith(stated, StringComparison.OrdinalIgnoreCase) && !stated.StartsWith(own, StringComparison.OrdinalIgnoreCase))
        {
            differences.Add(new FieldError(field, $"The adapter was trained on revision {stated} of the base, and this server serves {own}."));
        }
    }

    private async Task CompareDigestAsync(BaseFile? file, List<FieldError> differences, CancellationToken cancellation)
    {
        if (file?.Digest is not { } stated)
        {
            return;
        }
        var own = await served.DigestAsync(cancellation);
        if (!string.Equals(own, stated, StringComparison.OrdinalIgnoreCase))
        {
            differences.Add(new FieldError(BaseFile.Name, $"The adapter was trained on a base with the digest {stated}, and this server's has {own}."));
        }
    }

    private static bool IsCommit(string text) => text.Length is >= ShortestCommit and <= 64 && text.All(char.IsAsciiHexDigit);
}
