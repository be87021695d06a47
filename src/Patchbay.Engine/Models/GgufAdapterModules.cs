using Patchbay.Engine.Adapters;

namespace Patchbay.Engine.Models;

/// <summary>What tensors of GGUF adapters are called in a model, by the same tables that read GGUF checkpoints.</summary>
internal static class GgufAdapterModules
{
    public static GgufLookup For(ModelConfig config) => (name, tensor) =>
    {
        if (!GgufArchitectures.All.TryGetValue(name, out var architecture)
            || architecture.ModelType != config.ModelType
            || architecture.Translate(tensor, out var part) is not { } path
            || path.Contains('*', StringComparison.Ordinal)
            || !path.EndsWith(".weight", StringComparison.Ordinal)
            || part == "token_embd"
            || (architecture.Rows == GgufRows.GroupedHeads && part == "attn_qkv"))
        {
            return null;
        }

        var isPaired = architecture.Rows == GgufRows.NeighbouringPairs && part is "attn_q" or "attn_k";
        return new GgufModule(path[..^".weight".Length], isPaired ? GgufRowOrder.Paired(config.HeadDim) : null);
    };
}
