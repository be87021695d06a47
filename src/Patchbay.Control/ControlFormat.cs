using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Control.Journal;

namespace Patchbay.Control;

/// <summary>How a <see cref="ControlSnapshot"/> is written as documents of the journal and read from them.</summary>
internal static class ControlFormat
{
    /// <summary>The documents that differ between two states.</summary>
    public static List<DocumentChange> Diff(ControlSnapshot before, ControlSnapshot after)
    {
        var changes = new List<DocumentChange>();
        var old = Documents(before).ToDictionary(item => (item.Kind, item.Key), item => item.Value);
        foreach (var (kind, key, value) in Documents(after))
        {
            if (!old.Remove((kind, key), out var previous) || !previous.Equals(value))
            {
                changes.Add(new DocumentChange(kind, key, Write(value)));
            }
        }
        changes.AddRange(old.Keys.Select(gone => new DocumentChange(gone.Kind, gone.Key, null)));
        return changes;
    }

    /// <exception cref="JournalException">A document is not one that this program wrote.</exception>
    public static ControlSnapshot Read(JournalState state)
    {
        var at = "";
        try
        {
            var reading = new ControlReading();
            foreach (var document in state.Documents)
            {
                at = document.Kind;
                reading.Add(document);
            }
            at = DocumentKind.Adapter;
            return reading.Complete(state.Revision);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            throw new JournalException($"A document of kind '{at}' in the journal cannot be read; was it changed by hand or by a later program?", exception);
        }
    }

    private static IEnumerable<(string Kind, string Key, object Value)> Documents(ControlSnapshot state)
    {
        foreach (var alias in state.Aliases.Aliases)
        {
            yield return (DocumentKind.Alias, alias.Name, alias);
        }
        foreach (var adapter in state.Adapters.Values)
        {
            yield return (DocumentKind.Adapter, adapter.Name, adapter);
            foreach (var version in adapter.Versions)
            {
                yield return (DocumentKind.Version, $"{adapter.Name}/{version.Digest}", version);
            }
        }
        foreach (var document in state.Documents.Values)
        {
            yield return (document.Kind, document.Key, document);
        }
        yield return (DocumentKind.Default, "", Default(state));
    }

    private static DefaultDocument Default(ControlSnapshot state) => new(
        state.Aliases.Default.Target?.Name, state.Aliases.Default.Generation, state.Aliases.HighestRemovedGeneration, state.HighestRemovedRevision);

    private static string Write(object value) => value switch
    {
        AdapterAlias alias => JsonSerializer.Serialize(
            new AliasDocument(alias.Digest.ToString(), alias.Generation), ControlJson.Default.AliasDocument),
        AdapterRecord adapter => JsonSerializer.Serialize(
            new AdapterDocument(
                adapter.IsPinned, adapter.Priority, [.. adapter.Versions.Select(version => version.Digest.ToString())],
                [.. adapter.Releases.Select(digest => digest.ToString())]),
            ControlJson.Default.AdapterDocument),
        RegisteredVersion version => JsonSerializer.Serialize(
            new VersionDocument(version.Bytes, version.Created, version.CreatedBy, version.Rank, version.Kind, version.Probe, version.Reason, version.Note),
            ControlJson.Default.VersionDocument),
        DefaultDocument answer => JsonSerializer.Serialize(answer, ControlJson.Default.DefaultDocument),
        ControlDocument document => Write(document),
        _ => throw new ArgumentException("Not a part of the control plane's state.", nameof(value)),
    };

    // The value is written as its author wrote it, so that it comes back as the same text.
    private static string Write(ControlDocument document) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{{\"revision\":{document.Revision},\"references\":[{string.Join(',', document.References.Select(digest => $"\"{digest}\""))}],\"value\":{document.Json}}}");
}

internal sealed record AliasDocument(string Digest, long Generation);

internal sealed record AdapterDocument(bool Pinned, AdapterPriority Priority, string[] Versions, string[] Releases);

internal sealed record VersionDocument(
    long Bytes, DateTimeOffset Created, string CreatedBy, int? Rank, string? Kind, VersionProbe Probe, string? Reason, string? Note);

internal sealed record DefaultDocument(string? Name, long Generation, long HighestRemovedGeneration, long HighestRemovedRevision);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AliasDocument))]
[JsonSerializable(typeof(AdapterDocument))]
[JsonSerializable(typeof(VersionDocument))]
[JsonSerializable(typeof(DefaultDocument))]
internal sealed partial class ControlJson : JsonSerializerContext;
