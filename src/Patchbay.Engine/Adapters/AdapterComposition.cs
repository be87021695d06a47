namespace Patchbay.Engine.Adapters;

/// <summary>
/// The weighted sum of adapters: every module gets Σ wᵢ·ΔWᵢ, in the order in which the adapters are named, over the base model's
/// own weights. It has no memory of its own; the leases of its parts keep it alive.
/// </summary>
internal static class AdapterComposition
{
    /// <summary>The adapter that acts on a request's rows: none, one as it is, or a sum.</summary>
    /// <exception cref="AdapterRefusedException">There is no such sum.</exception>
    public static LoraAdapter? Of(IReadOnlyList<(LoraAdapter Adapter, float Weight)> parts)
    {
        if (parts.Count == 0)
        {
            return null;
        }

        if (parts is [(var only, 1)])
        {
            return only;
        }

        foreach (var (adapter, weight) in parts)
        {
            RefuseWithoutSum(adapter, weight, parts.Count);
        }

        var first = parts[0].Adapter;
        var modules = Enumerable.Range(0, parts.Max(part => part.Adapter.ModuleCount));
        return new LoraAdapter(Describe(parts), [.. modules.Select(module => Sum(parts, module))])
        {
            InvocationTokens = first.InvocationTokens,
        };
    }

    private static ModuleChange? Sum(IReadOnlyList<(LoraAdapter Adapter, float Weight)> parts, int module)
    {
        var deltas = new List<WeightedDelta>();
        foreach (var (adapter, weight) in parts)
        {
            // Nothing times a delta is nothing, whatever the delta holds.
            if (weight != 0 && adapter.Change(module) is { } change)
            {
                deltas.AddRange(change.Deltas.Select(term => term with { Weight = term.Weight * weight }));
            }
        }

        return deltas.Count > 0 ? new ModuleChange { Deltas = deltas } : null;
    }

    private static void RefuseWithoutSum(LoraAdapter adapter, float weight, int count)
    {
        if (!float.IsFinite(weight))
        {
            throw Refuse(FormattableString.Invariant($"the weight of {adapter.Version.Digest} is not a finite number"));
        }

        if (adapter.Changes.Any(change => change.Replaces))
        {
            throw Refuse($"{adapter.Version.Digest} replaces weights or biases of the base model (modules_to_save, bias, trainable_token_indices, a vocabulary of its own or kasa_config), which have no weighted sum; expected it alone with weight 1");
        }

        if (adapter.Stack is not null)
        {
            throw Refuse($"{adapter.Version.Digest} repeats layers (layer_replication); expected it alone with weight 1");
        }

        if (adapter.InvocationTokens is not null && count > 1)
        {
            throw Refuse($"{adapter.Version.Digest} acts from its invocation tokens on (alora_invocation_tokens); expected it alone");
        }
    }

    private static AdapterRefusedException Refuse(string problem) => new($"adapters: {problem}.");

    private static AdapterVersion Describe(IReadOnlyList<(LoraAdapter Adapter, float Weight)> parts)
    {
        var versions = parts.Select(part => part.Adapter.Version).ToList();
        return new AdapterVersion(
            AdapterDigest.OfComposition([.. parts.Select(part => (part.Adapter.Version.Digest, part.Weight))]),
            "composition",
            versions.Sum(version => version.Rank),
            0,
            [.. versions.SelectMany(version => version.TargetModules).Distinct().Order(StringComparer.Ordinal)],
            versions.Max(version => version.ModuleCount),
            string.Join(", ", versions.Select(version => version.StoredAs).Distinct()),
            versions.Sum(version => version.FileBytes),
            0,
            versions[0].BaseModel);
    }
}
