using Patchbay.Engine.Kernels;

namespace Patchbay.Engine;

/// <summary>Which SIMD width the kernels use on this processor, and why.</summary>
/// <param name="Width">The width in use: <c>scalar</c>, or <c>128</c>, <c>256</c> or <c>512</c> bits.</param>
/// <param name="Supported">All widths that the processor and the runtime offer, widest first.</param>
/// <param name="Reason">One clause for people.</param>
public sealed record KernelChoice(string Width, IReadOnlyList<string> Supported, string Reason)
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
            return new KernelChoice(Name(Simd.Path), [.. Simd.Supported.Select(Name)], reason);
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
}
