using System.Diagnostics.CodeAnalysis;

namespace Patchbay.Control;

/// <summary>All aliases at one moment; never changes, so a request that holds it sees one consistent state.</summary>
public sealed class AliasSnapshot
{
    private readonly Dictionary<string, AdapterAlias> _aliases;

    internal AliasSnapshot(long revision, Dictionary<string, AdapterAlias> aliases, DefaultAlias @default, long highestRemovedGeneration)
    {
        Revision = revision;
        _aliases = aliases;
        Default = @default;
        HighestRemovedGeneration = highestRemovedGeneration;
    }

    /// <summary>Increases with every change of the table.</summary>
    public long Revision { get; }

    /// <summary>What answers requests that name no model.</summary>
    public DefaultAlias Default { get; }

    /// <summary>How many names there are.</summary>
    public int Count => _aliases.Count;

    /// <summary>Every alias, in no particular order; enumerating allocates nothing.</summary>
    public Dictionary<string, AdapterAlias>.ValueCollection Aliases => _aliases.Values;

    internal static AliasSnapshot Empty { get; } = new(0, new(StringComparer.Ordinal), new DefaultAlias(null, 1), 0);

    // A name that is removed and made again must not repeat a generation, or a compare-and-set could pass by mistake.
    // One number for all removed names keeps that true without remembering them.
    internal long HighestRemovedGeneration { get; }

    /// <summary>Finds an alias by its exact name.</summary>
    public bool TryGet(ReadOnlySpan<char> name, [NotNullWhen(true)] out AdapterAlias? alias) =>
        _aliases.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out alias);

    /// <summary>The state after a name was pointed to a version; this one where nothing changed.</summary>
    internal AliasSnapshot Set(string name, VersionDigest digest, long? expectedGeneration, out AliasChange change)
    {
        TryGet(name, out var previous);
        if (expectedGeneration is { } expected && expected != (previous?.Generation ?? 0))
        {
            change = new AliasChange(AliasChangeOutcome.GenerationMismatch, previous, previous);
            return this;
        }
        if (previous is not null && previous.Digest == digest)
        {
            change = new AliasChange(AliasChangeOutcome.Unchanged, previous, previous);
            return this;
        }
        var current = new AdapterAlias(name, digest, (previous?.Generation ?? HighestRemovedGeneration) + 1);
        var aliases = new Dictionary<string, AdapterAlias>(_aliases, StringComparer.Ordinal) { [name] = current };
        var answersDefault = previous is not null && Default.Target == previous;
        change = new AliasChange(AliasChangeOutcome.Applied, previous, current);
        return Next(aliases, answersDefault ? new DefaultAlias(current, Default.Generation + 1) : Default, HighestRemovedGeneration);
    }

    /// <summary>The state after a name was taken away; this one where nothing changed.</summary>
    internal AliasSnapshot Remove(string name, long? expectedGeneration, out AliasChange change)
    {
        if (!TryGet(name, out var previous))
        {
            change = new AliasChange(AliasChangeOutcome.NoSuchAlias, null, null);
            return this;
        }
        if (expectedGeneration is { } expected && expected != previous.Generation)
        {
            change = new AliasChange(AliasChangeOutcome.GenerationMismatch, previous, previous);
            return this;
        }
        if (Default.Target == previous)
        {
            change = new AliasChange(AliasChangeOutcome.AnswersDefault, previous, previous);
            return this;
        }
        var aliases = new Dictionary<string, AdapterAlias>(_aliases, StringComparer.Ordinal);
        aliases.Remove(name);
        change = new AliasChange(AliasChangeOutcome.Applied, previous, null);
        return Next(aliases, Default, Math.Max(HighestRemovedGeneration, previous.Generation));
    }

    /// <summary>The state after another choice of what answers by default; this one where nothing changed.</summary>
    internal AliasSnapshot SetDefault(string? name, long? expectedGeneration, out DefaultChange change)
    {
        if (expectedGeneration is { } expected && expected != Default.Generation)
        {
            change = new DefaultChange(AliasChangeOutcome.GenerationMismatch, Default, Default);
            return this;
        }
        AdapterAlias? target = null;
        if (name is not null && !TryGet(name, out target))
        {
            change = new DefaultChange(AliasChangeOutcome.NoSuchAlias, Default, Default);
            return this;
        }
        if (Default.Target == target)
        {
            change = new DefaultChange(AliasChangeOutcome.Unchanged, Default, Default);
            return this;
        }
        var current = new DefaultAlias(target, Default.Generation + 1);
        change = new DefaultChange(AliasChangeOutcome.Applied, Default, current);
        return Next(_aliases, current, HighestRemovedGeneration);
    }

    private AliasSnapshot Next(Dictionary<string, AdapterAlias> aliases, DefaultAlias @default, long highestRemovedGeneration) =>
        new(Revision + 1, aliases, @default, highestRemovedGeneration);
}
