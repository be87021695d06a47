using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>Asks for weights that a kernel uses once, see <see cref="PackedEncodingFacts.PrefetchBytes"/>.</summary>
internal static unsafe class WeightPrefetch
{
    /// <summary>Asks for one group's bytes and returns where those of the next begin, as if codes and scales stood together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Group(byte* ahead, int groupBytes)
    {
        for (var line = 0; Sse.IsSupported && line < groupBytes; line += PackedEncodingFacts.LineBytes)
        {
            Sse.Prefetch1(ahead + line);
        }

        return ahead + groupBytes;
    }
}
