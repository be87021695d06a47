using Patchbay.Engine.Kernels.Recurrent;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>A short causal convolution of every channel by itself; what it keeps is its last inputs.</summary>
/// <param name="weights">(taps, channels), the oldest input first.</param>
/// <param name="bias">One value per channel, or null.</param>
/// <param name="taps">Inputs of each output.</param>
/// <param name="hasSilu">Whether its result is activated.</param>
internal sealed unsafe class CausalConvolution(NativeBuffer weights, NativeBuffer? bias, int taps, bool hasSilu)
{
    public int Channels { get; } = (int)(weights.Length / sizeof(float)) / taps;

    /// <summary>Values that it keeps per sequence.</summary>
    public int StateSize => (taps - 1) * Channels;

    /// <summary>x (rows, channels), in place.</summary>
    public void Forward(ForwardBatch batch, Matrix x, StateLayer states)
    {
        var kernel = new ConvolveCausal(x, x, weights.Floats, bias is null ? null : bias.Floats, taps, hasSilu, states);
        var parts = (Channels + ConvolveCausal.PartChannels - 1) / ConvolveCausal.PartChannels;
        batch.Pool.RunSequences(kernel, batch.Sequences, batch.SequenceCount, parts);
    }
}
