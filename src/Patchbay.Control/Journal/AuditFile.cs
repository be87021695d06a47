using System.Text;

namespace Patchbay.Control.Journal;

/// <summary>An audit chain as a file: one entry per line, each line ended by <c>\n</c>, and its anchor beside it.</summary>
public static class AuditFile
{
    private const int MaxLine = 4 << 20;

    /// <summary>What the anchor of a file is called.</summary>
    public static string AnchorPath(string path) => path + ".anchor";

    /// <summary>Writes a chain and its anchor.</summary>
    /// <returns>The last entry; number 0 where there is none.</returns>
    public static async Task<AuditAnchor> ExportAsync(IAsyncEnumerable<string> lines, string path, CancellationToken cancellation)
    {
        var last = (string?)null;
        await using (var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            await foreach (var line in lines.WithCancellation(cancellation))
            {
                await file.WriteAsync(Encoding.UTF8.GetBytes(line + '\n'), cancellation);
                last = line;
            }
        }
        var entry = last is null ? null : AuditEntry.Parse(last);
        var anchor = new AuditAnchor(entry?.Sequence ?? 0, entry?.Hash ?? AuditEntry.NoPrevious);
        anchor.Write(AnchorPath(path));
        return anchor;
    }

    /// <summary>Checks a file byte by byte, against the anchor beside it where there is one.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static AuditVerification Verify(string path, string? expectedHead)
    {
        AuditAnchor? anchor;
        try
        {
            anchor = AuditAnchor.Read(AnchorPath(path));
        }
        catch (InvalidDataException exception)
        {
            return new AuditVerification(0, AuditEntry.NoPrevious, exception.Message, null);
        }
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        return Verify(file, anchor, expectedHead);
    }

    internal static AuditVerification Verify(Stream file, AuditAnchor? anchor, string? expectedHead)
    {
        var verifier = new AuditVerifier(anchor, expectedHead);
        Feed(file, verifier);
        return verifier.Complete();
    }

    // Only \n ends a line: a reader of text would also take \r, and a changed byte would go unseen.
    private static void Feed(Stream file, AuditVerifier verifier)
    {
        var buffer = new byte[1 << 20];
        var filled = 0;
        for (int count; (count = file.Read(buffer, filled, buffer.Length - filled)) > 0;)
        {
            filled += count;
            var taken = 0;
            for (int end; (end = buffer.AsSpan(taken, filled - taken).IndexOf((byte)'\n')) >= 0; taken += end + 1)
            {
                if (!verifier.Accept(buffer.AsSpan(taken, end)))
                {
                    return;
                }
            }
            buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
            filled -= taken;
            if (filled == buffer.Length)
            {
                if (filled >= MaxLine)
                {
                    verifier.Break("The line is no audit entry.");
                    return;
                }
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }
        if (filled > 0)
        {
            verifier.Break("The last line is cut off.");
        }
    }
}
