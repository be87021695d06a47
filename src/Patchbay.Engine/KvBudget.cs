using Patchbay.Engine.Kernels;
using Patchbay.Engine.KvCache;

namespace Patchbay.Engine;

/// <summary>How many blocks of keys and values an engine gets.</summary>
internal static class KvBudget
{
    // A small model's cache stays small unless it is asked for more.
    private const long SmallBytes = 64L << 20;
    private const int DefaultContexts = 4;

    /// <summary>Sequences that can hold recurrent states at the same time: as many as may run, while they take a quarter of the memory.</summary>
    /// <param name="shapes">Values that each recurrent layer keeps per sequence.</param>
    /// <param name="options">What the operator asks for.</param>
    public static int StateSlots(IReadOnlyList<int> shapes, EngineOptions options)
    {
        var bytes = Math.Max(1, StateStore.BytesPerSlot(shapes));
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return (int)Math.Clamp(memory / 4 / bytes, 1, options.MaxRunningSequences);
    }

    /// <param name="shapes">What the layers keep per token.</param>
    /// <param name="contextLength">Longest sequence.</param>
    /// <param name="options">What the operator asks for.</param>
    /// <exception cref="InvalidDataException">The bytes asked for do not hold one block.</exception>
    public static int Blocks(IReadOnlyList<KvShape> shapes, int contextLength, EngineOptions options)
    {
        var blockBytes = shapes.Sum(shape => KvStore.BytesPerBlock(shape, options.KvCache));
        if (blockBytes == 0)
        {
            return (contextLength + PagedLayer.BlockTokens - 1) / PagedLayer.BlockTokens * options.MaxRunningSequences;
        }

        var contextBytes = (long)(contextLength + PagedLayer.BlockTokens - 1) / PagedLayer.BlockTokens * blockBytes;
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var bytes = options.KvCacheBytes > 0
            ? options.KvCacheBytes
            : Math.Min(memory / 4, Math.Max(SmallBytes, DefaultContexts * contextBytes));
        return bytes >= blockBytes
            ? (int)Math.Min(int.MaxValue / PagedLayer.BlockTokens, bytes / blockBytes)
            : throw new InvalidDataException($"KvCacheBytes: expected at least {blockBytes} (one block of {PagedLayer.BlockTokens} tokens), found {bytes}.");
    }
}
