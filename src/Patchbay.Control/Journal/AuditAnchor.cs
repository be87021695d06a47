using System.Globalization;

namespace Patchbay.Control.Journal;

/// <summary>
/// The end of an audit chain as it was last seen, kept in a file of its own: a chain that was cut at its end is whole in
/// itself and differs only from this. A copy of it elsewhere guards against someone who can write both.
/// </summary>
/// <param name="Sequence">The sequence number of the last entry; 0 for none.</param>
/// <param name="Hash">Its hash.</param>
public sealed record AuditAnchor(long Sequence, string Hash)
{
    /// <summary>What the file is called beside a journal.</summary>
    public const string FileName = "audit.anchor";

    /// <summary>Reads a file; null where there is none.</summary>
    /// <exception cref="InvalidDataException">It holds something else.</exception>
    public static AuditAnchor? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        var info = new FileInfo(path);
        var parts = info.Length > 256 ? [] : File.ReadAllText(path).Split(' ', '\n');
        return parts is [var sequence, var hash, ""] && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && IsHash(hash)
            ? new AuditAnchor(number, hash)
            : throw new InvalidDataException("The audit anchor is damaged; expected a sequence number and a hash.");
    }

    /// <summary>Writes a file in one step: after a crash it holds the old text or the new one.</summary>
    public void Write(string path)
    {
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Sequence} {Hash}\n")));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Whether a text is a hash: 64 lower-case hexadecimal digits.</summary>
    public static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
