using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Patchbay.Control.Journal;

/// <summary>What a verification found.</summary>
/// <param name="Entries">Entries that are right, up to the first problem.</param>
/// <param name="Head">The hash of the last of them.</param>
/// <param name="Problem">What is wrong, in one sentence; null where nothing is.</param>
/// <param name="AtSequence">Where it is wrong.</param>
public sealed record AuditVerification(long Entries, string Head, string? Problem, long? AtSequence)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsValid => Problem is null;

    /// <summary>Entries that tell of a chain that was found broken at a start; somebody should look at them.</summary>
    public long Repairs { get; init; }
}

/// <summary>
/// Follows an audit chain line by line: every byte counts, so that a flip, deletion, insertion or reordering is found at
/// its place. What is missing at the end is found by comparing with an anchor or a head that is known from elsewhere.
/// </summary>
public sealed class AuditVerifier
{
    private const string HashMember = "\"hash\":\"";

    private readonly AuditAnchor? _anchor;
    private readonly string? _expectedHead;
    private readonly long _skipped;
    private byte[] _buffer = new byte[1024];
    private long _entries;
    private long _repairs;
    private string _head;
    private AuditVerification? _failure;

    /// <summary>Begins before the first entry.</summary>
    /// <param name="anchor">An entry that the chain must have.</param>
    /// <param name="expectedHead">The hash that the last entry must have.</param>
    /// <param name="start">The entry behind which the chain begins; null is its true beginning.</param>
    public AuditVerifier(AuditAnchor? anchor = null, string? expectedHead = null, AuditAnchor? start = null)
    {
        _anchor = anchor;
        _expectedHead = expectedHead;
        (_entries, _head) = start is null ? (0, AuditEntry.NoPrevious) : (start.Sequence, start.Hash);
        _skipped = _entries;
    }

    /// <summary>Checks a whole chain.</summary>
    public static Task<AuditVerification> VerifyAsync(
        IAsyncEnumerable<string> lines, AuditAnchor? anchor = null, string? expectedHead = null, CancellationToken cancellation = default) =>
        VerifyAsync(lines, new AuditVerifier(anchor, expectedHead), cancellation);

    /// <summary>Checks what a running server has of its own chain.</summary>
    public static async Task<AuditVerification> VerifyAsync(IJournal journal, CancellationToken cancellation)
    {
        while (true)
        {
            var start = journal.Start;
            var found = await VerifyAsync(journal.ReadLinesAsync(start?.Sequence ?? 0, cancellation), new AuditVerifier(start: start), cancellation);
            // Entries that were dropped while it was read would look missing.
            if (found.IsValid || journal.Start == start)
            {
                return found;
            }
        }
    }

    private static async Task<AuditVerification> VerifyAsync(IAsyncEnumerable<string> lines, AuditVerifier verifier, CancellationToken cancellation)
    {
        await foreach (var line in lines.WithCancellation(cancellation))
        {
            if (!verifier.Accept(line))
            {
                break;
            }
        }
        return verifier.Complete();
    }

    /// <summary>Takes the next line, without the end of the line; false where it is wrong, and nothing more is taken.</summary>
    public bool Accept(string line)
    {
        Reserve(Encoding.UTF8.GetMaxByteCount(line.Length));
        return Check(Encoding.UTF8.GetBytes(line, _buffer));
    }

    /// <summary>Takes the next line as UTF-8.</summary>
    public bool Accept(ReadOnlySpan<byte> line)
    {
        Reserve(line.Length);
        line.CopyTo(_buffer);
        return Check(line.Length);
    }

    /// <summary>Notes that what follows cannot be read at all.</summary>
    public void Break(string problem)
    {
        if (_failure is null)
        {
            Fail(problem);
        }
    }

    /// <summary>Says what was found once all lines were taken.</summary>
    public AuditVerification Complete()
    {
        if (_failure is null && _anchor is { } anchor && anchor.Sequence > _entries)
        {
            Fail(string.Create(
                CultureInfo.InvariantCulture, $"The chain ends at entry {_entries}; the anchor knows entry {anchor.Sequence}: entries are missing at the end."));
        }
        if (_failure is null && _expectedHead is not null && !string.Equals(_expectedHead, _head, StringComparison.OrdinalIgnoreCase))
        {
            Fail("The last entry has another hash than expected.");
        }
        return _failure ?? new AuditVerification(_entries - _skipped, _head, null, null) { Repairs = _repairs };
    }

    private void Fail(string problem) => _failure = new AuditVerification(_entries - _skipped, _head, problem, _entries + 1) { Repairs = _repairs };

    private void Reserve(int size)
    {
        if (_buffer.Length < size)
        {
            _buffer = new byte[size * 2];
        }
    }

    private bool Check(int length)
    {
        if (_failure is null && FindProblem(_buffer.AsSpan(0, length)) is { } problem)
        {
            Fail(problem);
        }
        return _failure is null;
    }

    private string? FindProblem(Span<byte> bytes)
    {
        if (!TryRead(bytes, out var fields))
        {
            return "The line is no audit entry.";
        }
        var hash = Encoding.ASCII.GetString(bytes.Slice(fields.HashAt + HashMember.Length, 64));
        if (fields.Sequence != _entries + 1)
        {
            return string.Create(CultureInfo.InvariantCulture, $"Entry {fields.Sequence} stands where entry {_entries + 1} is expected.");
        }
        if (fields.Previous != _head)
        {
            return "The entry does not name the hash of the entry before it.";
        }
        // The hash is over the line without its hash; the member is followed by a comma, as names are sorted.
        var rest = bytes[(fields.HashAt + HashMember.Length + 66)..];
        rest.CopyTo(bytes[fields.HashAt..]);
        Span<byte> actual = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..(fields.HashAt + rest.Length)], actual);
        if (Convert.ToHexStringLower(actual) != hash)
        {
            return "The entry does not have the hash that it states: it was changed.";
        }
        if (_anchor is { } anchor && anchor.Sequence == fields.Sequence && anchor.Hash != hash)
        {
            return "The entry has another hash than the anchor: the chain was written anew.";
        }
        _entries++;
        _head = hash;
        _repairs += fields.IsRepair ? 1 : 0;
        return null;
    }

    private static bool TryRead(ReadOnlySpan<byte> line, out Fields fields)
    {
        fields = new Fields(0, "", -1, false);
        try
        {
            var reader = new Utf8JsonReader(line);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                fields = ReadMember(ref reader, fields);
            }
            return fields.HashAt > 0 && line[fields.HashAt..].StartsWith("\"hash\":\""u8) && line.Length > fields.HashAt + HashMember.Length + 66
                && line.Slice(fields.HashAt + HashMember.Length + 64, 2).SequenceEqual("\","u8);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static Fields ReadMember(ref Utf8JsonReader reader, Fields fields)
    {
        var at = (int)reader.TokenStartIndex;
        var isHash = reader.ValueTextEquals("hash"u8);
        var isPrevious = reader.ValueTextEquals("prev"u8);
        var isSequence = reader.ValueTextEquals("seq"u8);
        var isAction = reader.ValueTextEquals("action"u8);
        reader.Read();
        fields = isHash ? fields with { HashAt = at }
            : isPrevious ? fields with { Previous = reader.GetString() ?? "" }
            : isSequence ? fields with { Sequence = reader.GetInt64() }
            : isAction ? fields with { IsRepair = reader.ValueTextEquals("audit.repair"u8) }
            : fields;
        reader.Skip();
        return fields;
    }

    private readonly record struct Fields(long Sequence, string Previous, int HashAt, bool IsRepair);
}
