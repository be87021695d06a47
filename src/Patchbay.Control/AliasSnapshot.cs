using System.Diagnostics.CodeAnalysis;

namespace Patchbay.Control;

/// <summary>All aliases at one moment; never changes, so a request that holds it sees one consistent state.</summary>
public sealed class AliasSnapshot
{
    private readonly Dictionary<string, AdapterAlias> _aliases;

    internal AliasSnapshot(long revision, Dictionary<string, AdapterAlias> aliases, DefaultAlias @default)
    {
        Revision = revision;
        _aliases = aliases;
        Default = @default;
    }

    /// <summary>Increases with every change of the table.</summary>
    public long Revision { get; }

    /// <summary>What answers requests that name no model.</summary>
    public DefaultAlias Default { get; }

    /// <summary>How many names there are.</summary>
    public int Count => _aliases.Count;

    /// <summary>Every alias, in no particular order; enumerating allocates nothing.</summary>
    public Dictionary<string, AdapterAlias>.ValueCollection Aliases => _aliases.Values;

    /// <summary>Finds an alias by its exact name.</summary>
    public bool TryGet(ReadOnlySpan<char> name, [NotNullWhen(true)] out AdapterAlias? alias) =>
        _aliases.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out alias);

    /// <summary>Whether any name stands for this version.</summary>
    public bool IsReferenced(VersionDigest digest)
    {
        foreach (var alias in _aliases.Values)
        {
            if (alias.Digest == digest)
            {
                return true;
            }
        }
        return false;
    }

    internal Dictionary<string, AdapterAlias> CopyAliases() => new(_aliases, StringComparer.Ordinal);
}
