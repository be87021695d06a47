using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Emitted;
using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine;

/// <summary>Which kernels are used on this processor, and why.</summary>
/// <param name="Width">The width in use: <c>scalar</c>, or <c>128</c>, <c>256</c> or <c>512</c> bits.</param>
/// <param name="Supported">All widths that the processor and the runtime offer, widest first.</param>
/// <param name="Reason">Why this width, in one clause.</param>
/// <param name="PackedPath">The instructions that multiply packed (Q8, Q4) weights.</param>
/// <param name="EmittedCode">Whether machine code that is written at run time may be used for them, or why not, in one clause.</param>
public sealed record KernelChoice(string Width, IReadOnlyList<string> Supported, string Reason, string PackedPath, string EmittedCode)
{
    /// <summary>What this process chose at its start.</summary>
    /// <exception cref="InvalidOperationException">The environment forces a width that does not exist or that the processor lacks.</exception>
    public static KernelChoice Read()
    {
        try
        {
            var forced = Environment.GetEnvironmentVariable(Simd.ForceVariable);
            var reason = string.IsNullOrEmpty(forced)
                ? "the widest that the processor and the runtime offer"
                : $"forced by {Simd.ForceVariable}={forced}";
            return new KernelChoice(Name(Simd.Path), [.. Simd.Supported.Select(Name)], reason, Name(PackedPaths.For(Simd.Path)), EmittedTiles.Best.State);
        }
        catch (TypeInitializationException exception) when (exception.InnerException is InvalidOperationException reason)
        {
            throw new InvalidOperationException(reason.Message, exception);
        }
    }

    private static string Name(SimdPath path) => path switch
    {
        SimdPath.V512 => "512",
        SimdPath.V256 => "256",
        SimdPath.V128 => "128",
        _ => "scalar",
    };

    private static string Name(PackedPath path) => path switch
    {
        Kernels.Packed.PackedPath.Emitted512 => "AVX512-VNNI, emitted",
        Kernels.Packed.PackedPath.Emitted256 => "AVX2, emitted",
        Kernels.Packed.PackedPath.V512 => "AVX512BW",
        Kernels.Packed.PackedPath.Vnni256 => "AVX-VNNI",
        Kernels.Packed.PackedPath.V256 => "AVX2",
        Kernels.Packed.PackedPath.V128 => "128-bit vectors",
        _ => "scalar",
    };
}
