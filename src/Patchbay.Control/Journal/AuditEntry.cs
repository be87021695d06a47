using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Patchbay.Control.Journal;

/// <summary>
/// A record in its place in the chain. <see cref="Line"/> is its one written form: canonical JSON (RFC 8785) in which
/// <c>hash</c> is the SHA-256 over the same JSON without <c>hash</c>, and <c>prev</c> the hash of the entry before.
/// </summary>
public sealed class AuditEntry
{
    /// <summary>What the first entry names as the hash before it: 64 zeros.</summary>
    public const string NoPrevious = "0000000000000000000000000000000000000000000000000000000000000000";

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private AuditEntry(long sequence, AuditRecord record, string previous, string hash, string line)
    {
        Sequence = sequence;
        Record = record;
        Previous = previous;
        Hash = hash;
        Line = line;
    }

    /// <summary>1 for the first entry, one more for each.</summary>
    public long Sequence { get; }

    /// <summary>What was done.</summary>
    public AuditRecord Record { get; }

    /// <summary>The hash of the entry before, 64 lower-case hexadecimal digits.</summary>
    public string Previous { get; }

    /// <summary>The hash of this entry, 64 lower-case hexadecimal digits.</summary>
    public string Hash { get; }

    /// <summary>The entry as one line of canonical JSON, without the end of the line.</summary>
    public string Line { get; }

    /// <summary>Gives a record its place behind an entry.</summary>
    /// <param name="previous">The hash of the entry before; <see cref="NoPrevious"/> for the first.</param>
    /// <exception cref="ArgumentException">The details are no JSON object.</exception>
    public static AuditEntry Append(AuditRecord record, long sequence, string previous)
    {
        var body = Write(record, sequence, previous, hash: null);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        // Read back, so that the record is what the line says: time to the millisecond, details in canonical form.
        return Parse(Write(record, sequence, previous, hash));
    }

    /// <summary>Reads a line; whether its hash is right is the matter of the verifier.</summary>
    /// <exception cref="InvalidDataException">The line is no audit entry.</exception>
    public static AuditEntry Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var time = DateTimeOffset.ParseExact(
                Text("time"), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
            var record = new AuditRecord(time, Text("actor"), Text("action"), Text("target"))
            {
                From = Digest("from"),
                To = Digest("to"),
                Reason = root.GetProperty("reason").GetString(),
                RequestId = root.GetProperty("request_id").GetString(),
                Details = root.GetProperty("details") is { ValueKind: JsonValueKind.Object } details ? details.GetRawText() : null,
            };
            return new AuditEntry(root.GetProperty("seq").GetInt64(), record, Text("prev"), Text("hash"), line);

            string Text(string name) => root.GetProperty(name).GetString() ?? throw new FormatException();
            VersionDigest? Digest(string name) => root.GetProperty(name).GetString() is not { } text ? null
                : VersionDigest.TryParse(text, out var digest) ? digest : throw new FormatException();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            throw new InvalidDataException("A line of the journal is no audit entry.", exception);
        }
    }

    // Names in the order of RFC 8785, so that nothing has to be sorted.
    private static string Write(AuditRecord record, long sequence, string previous, string? hash)
    {
        var json = new StringBuilder(400);
        CanonicalJson.WriteMember(json.Append('{'), "action", record.Action);
        CanonicalJson.WriteMember(json.Append(','), "actor", record.Actor);
        json.Append(",\"details\":").Append(record.Details is null ? "null" : CanonicalJson.OfObject(record.Details));
        CanonicalJson.WriteMember(json.Append(','), "from", record.From?.ToString());
        if (hash is not null)
        {
            CanonicalJson.WriteMember(json.Append(','), "hash", hash);
        }
        CanonicalJson.WriteMember(json.Append(','), "prev", previous);
        CanonicalJson.WriteMember(json.Append(','), "reason", record.Reason);
        CanonicalJson.WriteMember(json.Append(','), "request_id", record.RequestId);
        json.Append(",\"seq\":").Append(sequence.ToString(CultureInfo.InvariantCulture));
        CanonicalJson.WriteMember(json.Append(','), "target", record.Target);
        CanonicalJson.WriteMember(json.Append(','), "time", record.Time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
        CanonicalJson.WriteMember(json.Append(','), "to", record.To?.ToString());
        return json.Append('}').ToString();
    }
}
