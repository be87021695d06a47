using System.CommandLine.Parsing;
using System.Globalization;

namespace Patchbay;

/// <summary>Sizes as people write them: <c>512MiB</c>, <c>2G</c>, <c>1000000</c>.</summary>
internal static class ByteSize
{
    private static readonly (string Suffix, long Factor)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40), ("B", 1),
    ];

    /// <summary>Reads a size of an option; a problem is reported to the command line's result.</summary>
    public static long Parse(ArgumentResult argument)
    {
        var text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (!TryParse(text, out var bytes))
        {
            argument.AddError($"'{text}' is no size; write for example 512MiB or 2GiB.");
        }
        return bytes;
    }

    public static bool TryParse(string text, out long bytes)
    {
        var unit = Units.FirstOrDefault(unit => text.EndsWith(unit.Suffix, StringComparison.OrdinalIgnoreCase), ("", 1));
        bytes = 0;
        if (!decimal.TryParse(text.AsSpan(0, text.Length - unit.Suffix.Length).Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number * unit.Factor is not (> 0 and < long.MaxValue))
        {
            return false;
        }
        bytes = (long)(number * unit.Factor);
        return true;
    }

    /// <summary>Writes a size with three digits.</summary>
    public static string Show(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:F1} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:F1} GiB"),
    };
}
