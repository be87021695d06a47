using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Recurrent;

/// <summary>
/// The selective scan of Mamba (arXiv:2312.00752, algorithm 2): for every channel c and state n, s = exp(Δ·A)·s + Δ·B·x and
/// y = Σₙ C·s + D·x, n ascending. Neighbouring channels share a vector.
/// </summary>
/// <param name="x">(rows, channels).</param>
/// <param name="steps">Δ, (rows, channels), positive.</param>
/// <param name="b">(rows, states).</param>
/// <param name="c">(rows, states).</param>
/// <param name="a">(states, channels), negative.</param>
/// <param name="d">One value per channel.</param>
/// <param name="y">(rows, channels); not x.</param>
/// <param name="states">(states, channels) per sequence.</param>
internal readonly unsafe struct ScanSelective(
    Matrix x, Matrix steps, Matrix b, Matrix c, float* a, float* d, Matrix y, StateLayer states) : ISequenceKernel
{
    /// <summary>Channels of one part.</summary>
    public const int PartChannels = 64;

    private readonly Matrix _x = x;
    private readonly Matrix _steps = steps;
    private readonly Matrix _b = b;
    private readonly Matrix _c = c;
    private readonly Matrix _y = y;
    private readonly float* _a = a;
    private readonly float* _d = d;

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
    public static void RunReference(Matrix x, Matrix steps, Matrix b, Matrix c, float* a, float* d, Matrix y)
    {
        for (var channel = 0; channel < x.Columns; channel++)
        {
            var state = new double[b.Columns];
            for (var t = 0; t < x.Rows; t++)
            {
                var (step, input) = ((double)steps.Row(t)[channel], (double)x.Row(t)[channel]);
                var sum = d[channel] * input;
                for (var n = 0; n < state.Length; n++)
                {
                    state[n] = (Math.Exp(step * a[(n * x.Columns) + channel]) * state[n]) + (step * b.Row(t)[n] * input);
                    sum += state[n] * c.Row(t)[n];
                }

                y.Row(t)[channel] = (float)sum;
            }
        }
    }

    private void StepChannels<TSimd, TVector>(PagedRows rows, int channel)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var channels = _x.Columns;
        for (var row = rows.FirstRow; row < rows.FirstRow + rows.RowCount; row++)
        {
            var b = _b.Row(row);
            var c = _c.Row(row);
            var step = TSimd.Load(_steps.Row(row) + channel);
            var x = TSimd.Load(_x.Row(row) + channel);
            var sum = TSimd.Create(0f);
            var state = states.Of(rows.StateSlot) + channel;
            var a = _a + channel;
            for (var n = 0; n < _b.Columns; n++, state += channels, a += channels)
            {
                var decay = VectorMath.Exp<TSimd, TVector>(TSimd.Multiply(step, TSimd.Load(a)));
                var input = TSimd.Multiply(TSimd.Multiply(step, TSimd.Create(b[n])), x);
                var value = TSimd.MultiplyAdd(decay, TSimd.Load(state), input);
                TSimd.Store(value, state);
                sum = TSimd.MultiplyAdd(value, TSimd.Create(c[n]), sum);
            }

            TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(_d + channel), x, sum), _y.Row(row) + channel);
        }
    }
}
