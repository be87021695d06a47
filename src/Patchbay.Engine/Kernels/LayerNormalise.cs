using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// LayerNorm (arXiv:1607.06450): y = (x - mean(x)) / √(var(x) + ε) · w + b, over consecutive groups of <c>width</c> values of
/// each row.
/// </summary>
/// <param name="x">Input rows.</param>
/// <param name="y">Output rows; may be x.</param>
/// <param name="weight">w: one value per column, or fewer, which then repeat (one head's for all heads).</param>
/// <param name="bias">b, as many values as w, or null.</param>
/// <param name="weightCount">Values of w; a multiple of <paramref name="width"/>.</param>
/// <param name="width">Values that are normalised together.</param>
/// <param name="epsilon">ε.</param>
internal readonly unsafe struct LayerNormalise(Matrix x, Matrix y, float* weight, float* bias, int weightCount, int width, float epsilon) : IRowKernel
{
    private readonly Matrix _x = x;
    private readonly Matrix _y = y;
    private readonly float* _weight = weight;
    private readonly float* _bias = bias;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (var group = 0; group < _x.Columns; group += width)
        {
            var offset = group % weightCount;
            Normalise<TSimd, TVector>(_x.Row(row) + group, _y.Row(row) + group, _weight + offset, _bias is null ? null : _bias + offset);
        }
    }

    /// <summary>The definition, in double precision: the test of <see cref="Apply"/>.</summary>
    public static void ApplyReference(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        var (sum, squares) = (0.0, 0.0);
        foreach (var value in x)
        {
            sum += value;
        }

        var mean = sum / x.Length;
        foreach (var value in x)
        {
            squares += (value - mean) * (value - mean);
        }

        for (var i = 0; i < x.Length; i++)
        {
            y[i] = (float)(((x[i] - mean) / Math.Sqrt((squares / x.Length) + epsilon) * weight[i]) + (bias.IsEmpty ? 0 : bias[i]));
        }
    }

    private void Normalise<TSimd, TVector>(float* x, float* y, float* weight, float* bias)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        // The deviations go to y before they are squared: mean(x²) - mean(x)² would lose what a large mean leaves.
        var mean = Sum<TSimd, TVector>(x) / width;
        var shift = TSimd.Create(mean);
        var i = 0;
        for (; i <= width - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Subtract(TSimd.Load(x + i), shift), y + i);
        }

        for (; i < width; i++)
        {
            y[i] = x[i] - mean;
        }

        var scale = 1f / MathF.Sqrt((DenseTile.Dot<TSimd, TVector>(y, y, width) / width) + epsilon);
        var factor = TSimd.Create(scale);
        for (i = 0; i <= width - TSimd.Count; i += TSimd.Count)
        {
            var value = TSimd.Multiply(TSimd.Multiply(TSimd.Load(y + i), factor), TSimd.Load(weight + i));
            TSimd.Store(bias is null ? value : TSimd.Add(value, TSimd.Load(bias + i)), y + i);
        }

        for (; i < width; i++)
        {
            y[i] = (y[i] * scale * weight[i]) + (bias is null ? 0 : bias[i]);
        }
    }

    private float Sum<TSimd, TVector>(float* x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var lanes = TSimd.Create(0f);
        var i = 0;
        for (; i <= width - TSimd.Count; i += TSimd.Count)
        {
            lanes = TSimd.Add(lanes, TSimd.Load(x + i));
        }

        var sum = TSimd.Sum(lanes);
        for (; i < width; i++)
        {
            sum += x[i];
        }

        return sum;
    }
}
