using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Patchbay.Control;

/// <summary>Everything the control plane knows at one moment; never changes, so whoever holds it sees one consistent state.</summary>
public sealed record ControlSnapshot
{
    internal ControlSnapshot()
    {
    }

    /// <summary>The sequence number of the last audit entry that changed this state; 0 for a new journal.</summary>
    public long Revision { get; internal init; }

    /// <summary>Which version each name stands for: what requests read.</summary>
    public AliasSnapshot Aliases { get; internal init; } = AliasSnapshot.Empty;

    /// <summary>Every adapter that has a version, by name.</summary>
    public ImmutableDictionary<string, AdapterRecord> Adapters { get; internal init; } =
        ImmutableDictionary.Create<string, AdapterRecord>(StringComparer.Ordinal);

    /// <summary>Routes, releases and settings by kind and key.</summary>
    public ImmutableDictionary<(string Kind, string Key), ControlDocument> Documents { get; internal init; } =
        ImmutableDictionary<(string Kind, string Key), ControlDocument>.Empty;

    internal static ControlSnapshot Empty { get; } = new();

    // As with generations of aliases: a document that is made again must not repeat a revision.
    internal long HighestRemovedRevision { get; init; }

    /// <summary>Finds a route, release or setting.</summary>
    public bool TryGetDocument(string kind, string key, [NotNullWhen(true)] out ControlDocument? document) =>
        Documents.TryGetValue((kind, key), out document);

    /// <summary>Whether any adapter has this version.</summary>
    public bool IsRegistered(VersionDigest digest) => Adapters.Values.Any(adapter => adapter.TryGet(digest, out _));

    /// <summary>The document that needs a version, for a sentence; null where none does.</summary>
    internal string? FindReference(VersionDigest digest) =>
        Documents.Values.FirstOrDefault(document => document.References.Contains(digest)) is { } holder ? $"{holder.Kind} '{holder.Key}'" : null;

    /// <summary>The version that answers under a name; null where none does.</summary>
    internal VersionDigest? FindCurrent(string name) => Aliases.TryGet(name, out var alias) ? alias.Digest : null;
}
