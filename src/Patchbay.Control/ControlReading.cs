using System.Collections.Immutable;
using System.Text.Json;
using Patchbay.Control.Journal;

namespace Patchbay.Control;

/// <summary>Collects documents in any order and makes one state of them.</summary>
internal sealed class ControlReading
{
    private readonly Dictionary<string, AdapterAlias> _aliases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AdapterDocument> _adapters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RegisteredVersion> _versions = new(StringComparer.Ordinal);
    private readonly ImmutableDictionary<(string Kind, string Key), ControlDocument>.Builder _documents =
        ImmutableDictionary.CreateBuilder<(string Kind, string Key), ControlDocument>();

    private DefaultDocument _default = new(null, 1, 0, 0);

    public void Add(Document document)
    {
        switch (document.Kind)
        {
            case DocumentKind.Alias:
                var alias = JsonSerializer.Deserialize(document.Json, ControlJson.Default.AliasDocument)!;
                _aliases[document.Key] = new AdapterAlias(document.Key, Digest(alias.Digest), alias.Generation);
                break;
            case DocumentKind.Adapter:
                _adapters[document.Key] = JsonSerializer.Deserialize(document.Json, ControlJson.Default.AdapterDocument)!;
                break;
            case DocumentKind.Version:
                AddVersion(document);
                break;
            case DocumentKind.Default:
                _default = JsonSerializer.Deserialize(document.Json, ControlJson.Default.DefaultDocument)!;
                break;
            default:
                AddOpaque(document);
                break;
        }
    }

    /// <exception cref="KeyNotFoundException">A document names another that is missing.</exception>
    public ControlSnapshot Complete(long revision)
    {
        var adapters = ImmutableDictionary.CreateBuilder<string, AdapterRecord>(StringComparer.Ordinal);
        foreach (var (name, document) in _adapters)
        {
            adapters[name] = new AdapterRecord(name, [.. document.Versions.Select(digest => _versions[$"{name}/{digest}"])])
            {
                IsPinned = document.Pinned,
                Priority = document.Priority,
                Releases = [.. document.Releases.Select(Digest)],
            };
        }
        // An alias whose version nobody registered would answer with nothing.
        foreach (var alias in _aliases.Values)
        {
            _ = adapters[alias.Name].TryGet(alias.Digest, out _) ? true : throw new KeyNotFoundException();
        }
        var target = _default.Name is null ? null : _aliases[_default.Name];
        return new ControlSnapshot
        {
            Revision = revision,
            Aliases = new AliasSnapshot(revision, _aliases, new DefaultAlias(target, _default.Generation), _default.HighestRemovedGeneration),
            Adapters = adapters.ToImmutable(),
            Documents = _documents.ToImmutable(),
            HighestRemovedRevision = _default.HighestRemovedRevision,
        };
    }

    private void AddVersion(Document document)
    {
        var version = JsonSerializer.Deserialize(document.Json, ControlJson.Default.VersionDocument)!;
        var digest = Digest(document.Key[(document.Key.LastIndexOf('/') + 1)..]);
        _versions[document.Key] = new RegisteredVersion(digest, version.Bytes, version.Created, version.CreatedBy)
        {
            Rank = version.Rank,
            Kind = version.Kind,
            Probe = version.Probe,
            Reason = version.Reason,
            Note = version.Note,
        };
    }

    private void AddOpaque(Document document)
    {
        using var json = JsonDocument.Parse(document.Json);
        var references = json.RootElement.GetProperty("references").EnumerateArray().Select(item => Digest(item.GetString()));
        _documents[(document.Kind, document.Key)] = new ControlDocument(
            document.Kind, document.Key, json.RootElement.GetProperty("revision").GetInt64(),
            json.RootElement.GetProperty("value").GetRawText(), [.. references]);
    }

    private static VersionDigest Digest(string? text) => VersionDigest.TryParse(text, out var digest) ? digest : throw new FormatException();
}
