using System.Globalization;

namespace Patchbay.Machine;

/// <summary>Reads what Linux tells in files of lines; everything is null elsewhere.</summary>
internal static class LinuxFiles
{
    /// <summary>The rest of the first line that begins with a name, without the separators between them.</summary>
    public static string? FindField(string path, string name)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        var line = File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line?[name.Length..].Trim(' ', '\t', ':');
    }

    /// <summary>A field of kilobytes, in bytes.</summary>
    public static long? FindBytes(string path, string name) =>
        FindField(path, name)?.Split(' ')[0] is { } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes)
            ? kilobytes * 1024
            : null;
}
