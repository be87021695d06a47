namespace Patchbay.Control;

/// <summary>
/// Which adapter version each name stands for. Readers take <see cref="Snapshot"/> (one volatile read); every change
/// replaces it as a whole. Knows names and digests only: what a version is and whether it is in memory is the caller's matter.
/// </summary>
public sealed class AliasTable
{
    private readonly Lock _writes = new();
    private volatile AliasSnapshot _snapshot = new(0, new(StringComparer.Ordinal), new DefaultAlias(null, 1));

    // A name that is removed and made again must not repeat a generation, or a compare-and-set could pass by mistake.
    // One number for all removed names keeps that true without remembering them.
    private long _highestRemovedGeneration;

    /// <summary>The present state.</summary>
    public AliasSnapshot Snapshot => _snapshot;

    /// <summary>Points a name to a version, making the name if there is none.</summary>
    /// <param name="expectedGeneration">What the caller last saw; 0 says that the name is new. Null does not check.</param>
    public AliasChange Set(string name, VersionDigest digest, long? expectedGeneration = null)
    {
        lock (_writes)
        {
            var before = _snapshot;
            before.TryGet(name, out var previous);
            if (expectedGeneration is { } expected && expected != (previous?.Generation ?? 0))
            {
                return new AliasChange(AliasChangeOutcome.GenerationMismatch, previous, previous);
            }
            if (previous is not null && previous.Digest == digest)
            {
                return new AliasChange(AliasChangeOutcome.Unchanged, previous, previous);
            }
            var current = new AdapterAlias(name, digest, (previous?.Generation ?? _highestRemovedGeneration) + 1);
            var aliases = before.CopyAliases();
            aliases[name] = current;
            var answersDefault = previous is not null && before.Default.Target == previous;
            Publish(aliases, answersDefault ? new DefaultAlias(current, before.Default.Generation + 1) : before.Default);
            return new AliasChange(AliasChangeOutcome.Applied, previous, current);
        }
    }

    /// <summary>Takes a name away. A name that answers the default stays: another has to be chosen first.</summary>
    public AliasChange Remove(string name, long? expectedGeneration = null)
    {
        lock (_writes)
        {
            var before = _snapshot;
            if (!before.TryGet(name, out var previous))
            {
                return new AliasChange(AliasChangeOutcome.NoSuchAlias, null, null);
            }
            if (expectedGeneration is { } expected && expected != previous.Generation)
            {
                return new AliasChange(AliasChangeOutcome.GenerationMismatch, previous, previous);
            }
            if (before.Default.Target == previous)
            {
                return new AliasChange(AliasChangeOutcome.AnswersDefault, previous, previous);
            }
            var aliases = before.CopyAliases();
            aliases.Remove(name);
            _highestRemovedGeneration = Math.Max(_highestRemovedGeneration, previous.Generation);
            Publish(aliases, before.Default);
            return new AliasChange(AliasChangeOutcome.Applied, previous, null);
        }
    }

    /// <summary>Chooses what answers requests that name no model; null is the base model.</summary>
    /// <param name="expectedGeneration">The generation of the default that the caller last saw; null does not check.</param>
    public DefaultChange SetDefault(string? name, long? expectedGeneration = null)
    {
        lock (_writes)
        {
            var before = _snapshot;
            var previous = before.Default;
            if (expectedGeneration is { } expected && expected != previous.Generation)
            {
                return new DefaultChange(AliasChangeOutcome.GenerationMismatch, previous, previous);
            }
            AdapterAlias? target = null;
            if (name is not null && !before.TryGet(name, out target))
            {
                return new DefaultChange(AliasChangeOutcome.NoSuchAlias, previous, previous);
            }
            if (previous.Target == target)
            {
                return new DefaultChange(AliasChangeOutcome.Unchanged, previous, previous);
            }
            var current = new DefaultAlias(target, previous.Generation + 1);
            Publish(before.CopyAliases(), current);
            return new DefaultChange(AliasChangeOutcome.Applied, previous, current);
        }
    }

    private void Publish(Dictionary<string, AdapterAlias> aliases, DefaultAlias @default) =>
        _snapshot = new AliasSnapshot(_snapshot.Revision + 1, aliases, @default);
}
