using System.Buffers;
using System.Text;

namespace Patchbay.Control.Versions;

/// <summary>Which paths a file of a version may have: ones that mean the same on every system and never leave the version.</summary>
internal static class VersionFileName
{
    // Never part of a model in the OpenSSF Model Signing specification, or its signature. The engine leaves the same out.
    private static readonly string[] Excluded = [".git", ".gitignore", ".gitattributes", ".github", "model.sig"];

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("\\:*?\"<>|");

    private static readonly string[] Reserved =
    [
        "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. Enumerable.Range(0, 10).SelectMany(i => new[] { $"COM{i}", $"LPT{i}" }),
        "COM\u00b9", "COM\u00b2", "COM\u00b3", "LPT\u00b9", "LPT\u00b2", "LPT\u00b3",
    ];

    /// <summary>Whether a path is left out of versions and their digests.</summary>
    public static bool IsExcluded(string path)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        return Excluded.Contains(slash < 0 ? path : path[..slash], StringComparer.Ordinal);
    }

    /// <summary>What is wrong with a path, as the end of a sentence that begins with it; null where it is a good one.</summary>
    public static string? FindProblem(string path, StoreLimits limits)
    {
        if (path.Length == 0)
        {
            return "is empty";
        }
        if (!IsUnicode(path))
        {
            return "is not valid Unicode";
        }
        var parts = path.Split('/');
        if (parts.Length > limits.MaxDepth)
        {
            return $"has {parts.Length} parts; expected at most {limits.MaxDepth}";
        }
        foreach (var part in parts)
        {
            if (FindPartProblem(part, limits) is { } problem)
            {
                return problem;
            }
        }
        return null;
    }

    /// <summary>What two paths share that some system could not tell apart.</summary>
    public static string Fold(string path) => path.Normalize(NormalizationForm.FormKC).ToUpperInvariant().Normalize(NormalizationForm.FormKC);

    /// <summary>A path for a message: without what could break the line or hide it.</summary>
    public static string Show(string path)
    {
        var shown = new StringBuilder();
        foreach (var unit in path.AsSpan(0, Math.Min(path.Length, 120)))
        {
            shown.Append(char.IsControl(unit) || char.IsSurrogate(unit) ? '\ufffd' : unit);
        }
        return path.Length > 120 ? $"'{shown}…'" : $"'{shown}'";
    }

    private static string? FindPartProblem(string part, StoreLimits limits)
    {
        if (part.Length == 0)
        {
            return "is absolute or has an empty part";
        }
        if (part is "." or "..")
        {
            return "leads outside of its adapter or has a part '.'";
        }
        if (Encoding.UTF8.GetByteCount(part) > limits.MaxNameBytes)
        {
            return $"has a part of more than {limits.MaxNameBytes} bytes";
        }
        if (part.AsSpan().ContainsAny(Forbidden) || part.Any(char.IsControl))
        {
            return "has a character that not every system allows in a name (\\ : * ? \" < > | or a control character)";
        }
        if (part[^1] is '.' or ' ')
        {
            return "has a part that ends with a dot or space";
        }
        var stem = part.Split('.')[0].TrimEnd(' ');
        return Reserved.Contains(stem, StringComparer.OrdinalIgnoreCase) ? $"has a part '{stem}' that names a device on Windows" : null;
    }

    private static bool IsUnicode(string path)
    {
        for (var i = 0; i < path.Length; i++)
        {
            if (!Rune.TryGetRuneAt(path, i, out var rune))
            {
                return false;
            }
            i += rune.Utf16SequenceLength - 1;
        }
        return true;
    }
}
