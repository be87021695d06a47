using System.Text.RegularExpressions;

namespace Patchbay.Server.Adapters;

/// <summary>What is known of the base that is served.</summary>
/// <param name="names">What it is called; the first one is said in messages.</param>
/// <param name="revision">Its revision; null where nobody knows it.</param>
/// <param name="digest">Computes its digest; asked at most once, by the first adapter that states one.</param>
internal sealed partial class ServedBase(IReadOnlyList<string?> names, string? revision, Func<Task<string>> digest)
{
    private readonly Lazy<Task<string>> _digest = new(digest);

    public IReadOnlyList<string?> Names => names;

    public string? Revision => revision;

    public Task<string> DigestAsync(CancellationToken cancellation) => _digest.Value.WaitAsync(cancellation);

    /// <summary>The commit in a path of the Hugging Face cache (<c>models--ORG--NAME/snapshots/COMMIT</c>); null in any other.</summary>
    public static string? FindRevision(string modelPath) =>
        Snapshot().Match(Path.GetFullPath(modelPath)) is { Success: true } found ? found.Groups[1].Value : null;

    [GeneratedRegex(@"[/\\]snapshots[/\\]([0-9a-f]{40})(?:[/\\]|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Snapshot();
}
