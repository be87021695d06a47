using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// RMSNorm (arXiv:1910.07467): y = x / √(mean(x²) + ε) · w, over consecutive groups of <c>width</c> values of each row, so that
/// one call normalises a hidden state or all heads of a projection.
/// </summary>
/// <param name="x">Input rows.</param>
/// <param name="y">Output rows; may be x.</param>
/// <param name="weight">w: one value per column, or fewer, which then repeat (one head's for all heads).</param>
/// <param name="weightCount">Values of w; a multiple of <paramref name="width"/>.</param>
/// <param name="width">Values that are normalised together.</param>
/// <param name="epsilon">ε.</param>
internal readonly unsafe struct RootMeanSquare(Matrix x, Matrix y, float* weight, int weightCount, int width, float epsilon) : IRowKernel
{
    private readonly Matrix _x = x;
    private readonly Matrix _y = y;
    private readonly float* _weight = weight;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (var group = 0; group < _x.Columns; group += width)
        {
            Normalise<TSimd, TVector>(_x.Row(row) + group, _y.Row(row) + group, _weight + (group % weightCount));
        }
    }

    /// <summary>The definition, in double precision: the test of <see cref="Apply"/>.</summary>
    public static void ApplyReference(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        var sum = 0.0;
        foreach (var value in x)
        {
            sum += (double)value * value;
        }

        for (var i = 0; i < x.Length; i++)
        {
            y[i] = (float)(x[i] / Math.Sqrt(sum / x.Length + epsilon) * weight[i]);
        }
    }

    private void Normalise<TSimd, TVector>(float* x, float* y, float* weight)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var scale = 1f / MathF.Sqrt(DenseTile.Dot<TSimd, TVector>(x, x, width) / width + epsilon);
        var vectorScale = TSimd.Create(scale);
        var i = 0;
        for (; i <= width - TSimd.Count; i += TSimd.Count)
        {
            TSimd.Store(TSimd.Multiply(TSimd.Multiply(TSimd.Load(x + i), vectorScale), TSimd.Load(weight + i)), y + i);
        }

        for (; i < width; i++)
        {
            y[i] = x[i] * scale * weight[i];
        }
    }
}
