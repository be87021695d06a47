using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Recurrent;

/// <summary>
/// A short causal convolution of every channel by itself: y[t] = b + Σᵢ w[i]·x[t - taps + 1 + i], i ascending, and y·σ(y) where the
/// family wants it. The state is the last taps - 1 inputs, oldest first.
/// </summary>
/// <param name="x">(rows, channels).</param>
/// <param name="y">(rows, channels); may be x.</param>
/// <param name="weights">(taps, channels).</param>
/// <param name="bias">One value per channel, or null.</param>
/// <param name="taps">Inputs of each output.</param>
/// <param name="hasSilu">Whether the result is activated.</param>
/// <param name="states">(taps - 1, channels) per sequence.</param>
internal readonly unsafe struct ConvolveCausal(
    Matrix x, Matrix y, float* weights, float* bias, int taps, bool hasSilu, StateLayer states) : ISequenceKernel
{
    /// <summary>Channels of one part.</summary>
    public const int PartChannels = 256;

    private readonly Matrix _x = x;
    private readonly Matrix _y = y;
    private readonly float* _weights = weights;
    private readonly float* _bias = bias;

    public void Step<TSimd, TVector>(PagedRows rows, int part)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var channel = part * PartChannels;
        var last = Math.Min(_x.Columns, channel + PartChannels);
        for (; channel <= last - TSimd.Count; channel += TSimd.Count)
        {
            StepChannels<TSimd, TVector>(rows, channel);
        }

        for (; channel < last; channel++)
        {
            StepChannels<SimdScalar, float>(rows, channel);
        }
    }

    /// <summary>A whole sequence by the definition, in double precision: the test of every path.</summary>
    public static void RunReference(Matrix x, Matrix y, float* weights, float* bias, int taps, bool hasSilu)
    {
        for (var t = 0; t < x.Rows; t++)
        {
            for (var channel = 0; channel < x.Columns; channel++)
            {
                var sum = bias is null ? 0.0 : bias[channel];
                for (var i = Math.Max(0, taps - 1 - t); i < taps; i++)
                {
                    sum += (double)weights[(i * x.Columns) + channel] * x.Row(t - taps + 1 + i)[channel];
                }

                y.Row(t)[channel] = (float)(hasSilu ? sum / (1 + Math.Exp(-sum)) : sum);
            }
        }
    }

    private void StepChannels<TSimd, TVector>(PagedRows rows, int channel)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var channels = _x.Columns;
        var state = states.Of(rows.StateSlot) + channel;
        var weights = _weights + channel;
        for (var row = rows.FirstRow; row < rows.FirstRow + rows.RowCount; row++)
        {
            var input = TSimd.Load(_x.Row(row) + channel);
            var sum = _bias is null ? TSimd.Create(0f) : TSimd.Load(_bias + channel);
            for (var i = 0; i < taps - 1; i++)
            {
                sum = TSimd.MultiplyAdd(TSimd.Load(weights + (i * channels)), TSimd.Load(state + (i * channels)), sum);
                var next = i < taps - 2 ? TSimd.Load(state + ((i + 1) * channels)) : input;
                TSimd.Store(next, state + (i * channels));
            }

            sum = TSimd.MultiplyAdd(TSimd.Load(weights + ((taps - 1) * channels)), input, sum);
            TSimd.Store(hasSilu ? TSimd.Multiply(sum, VectorMath.Sigmoid<TSimd, TVector>(sum)) : sum, _y.Row(row) + channel);
        }
    }
}
