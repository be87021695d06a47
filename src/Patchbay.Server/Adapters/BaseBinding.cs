using System.Text.RegularExpressions;

namespace Patchbay.Server.Adapters;

/// <summary>How the base that an adapter names relates to the one that is served.</summary>
internal enum BaseMatch
{
    /// <summary>The same, or one of them has no name that says which model it is.</summary>
    Accepted,

    /// <summary>Close relatives, such as a quantised copy.</summary>
    Similar,

    /// <summary>Different models.</summary>
    Different,
}

/// <summary>
/// Whether an adapter was trained on the base that is served. Names are written loosely (<c>org/name</c>, a path, a quantised
/// copy), and a directory may have any name: only what states its size, like <c>Qwen3-0.6B</c>, counts as a model's name.
/// Shapes are checked anyway, when the adapter is read.
/// </summary>
internal static partial class BaseBinding
{
    /// <param name="named">What the adapter's configuration says.</param>
    /// <param name="served">Names of the served model.</param>
    public static BaseMatch Compare(string? named, params ReadOnlySpan<string?> served)
    {
        var wanted = LastPart(named);
        var known = new List<string>();
        foreach (var name in served)
        {
            if (LastPart(name) is { Length: > 0 } last)
            {
                if (last.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                {
                    return BaseMatch.Accepted;
                }
                if (Size().IsMatch(last))
                {
                    known.Add(last);
                }
            }
        }
        if (wanted.Length == 0 || known.Count == 0 || !Size().IsMatch(wanted))
        {
            return BaseMatch.Accepted;
        }
        return known.Any(name => AreRelated(Letters(name), Letters(wanted))) ? BaseMatch.Similar : BaseMatch.Different;
    }

    private static bool AreRelated(string one, string other) =>
        one.Contains(other, StringComparison.Ordinal) || other.Contains(one, StringComparison.Ordinal);

    private static string LastPart(string? name) =>
        name is null ? "" : name.TrimEnd('/', '\\').Split('/', '\\')[^1].Replace(".gguf", "", StringComparison.OrdinalIgnoreCase).Split("--")[^1];

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    [GeneratedRegex(@"(^|[-_.])\d+([._]\d+)?[bm]($|[-_.])", RegexOptions.IgnoreCase)]
    private static partial Regex Size();
}
