using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>Which weights are packed how, and where packed weights are kept on disk.</summary>
/// <param name="Format">What was asked for.</param>
/// <param name="CacheDirectory">Null keeps nothing.</param>
internal sealed record WeightPacking(WeightFormat Format, string? CacheDirectory)
{
    /// <summary>Everything as stored.</summary>
    public static WeightPacking None { get; } = new(WeightFormat.Native, null);

    /// <summary>Packed weights from this size on are kept on disk; smaller ones are made faster than they are looked up.</summary>
    public long SmallestCached { get; init; } = 32 << 20;

    /// <summary>
    /// How the weight of a module is packed; null leaves it as stored. Look-ups, norms and routers of experts (few weights, on which
    /// choices hang) stay, and so do rows that are no whole number of groups.
    /// </summary>
    public PackedEncoding? EncodingOf(AdaptableModule module)
    {
        var weight = module.Weight;
        return module.Kind == ModuleKind.Linear && !IsRouter(module) && Choose(weight.Type) is { } encoding && WeightPacker.CanPack(weight, encoding)
            ? encoding
            : null;
    }

    private static bool IsRouter(AdaptableModule module) =>
        module.Leaf is "gate" or "router" or "shared_expert_gate" || module.Path.EndsWith(".router.layer", StringComparison.Ordinal);

    private PackedEncoding? Choose(ElementType type) => Format switch
    {
        WeightFormat.Native => null,
        WeightFormat.Auto => type == ElementType.F32 ? null : WeightPacker.EncodingOf(type) ?? PackedEncoding.Q8,
        WeightFormat.Q4 => WeightPacker.EncodingOf(type) is PackedEncoding.Q4Minimum ? PackedEncoding.Q4Minimum : PackedEncoding.Q4,
        _ => PackedEncoding.Q8,
    };
}
