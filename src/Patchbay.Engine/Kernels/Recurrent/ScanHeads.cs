using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Recurrent;

/// <summary>
/// The scan of Mamba 2 (arXiv:2405.21060 §6): one decay per head, B and C shared by the heads of a group. For every head with
/// inputs x[p] and states s[n, p]: s = exp(Δ·A)·s + Δ·B[n]·x[p] and y[p] = Σₙ C[n]·s[n, p] + D·x[p], n ascending.
/// </summary>
/// <param name="x">(rows, heads·headDim).</param>
/// <param name="steps">Δ, (rows, heads), positive.</param>
/// <param name="b">(rows, groups·states).</param>
/// <param name="c">(rows, groups·states).</param>
/// <param name="a">One value per head, negative.</param>
/// <param name="d">One value per head.</param>
/// <param name="y">(rows, heads·headDim).</param>
/// <param name="groups">Groups of heads.</param>
/// <param name="states">(heads, states, headDim) per sequence.</param>
internal readonly unsafe struct ScanHeads(
    Matrix x, Matrix steps, Matrix b, Matrix c, float* a, float* d, Matrix y, int groups, StateLayer states) : ISequenceKernel
{
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
        var headDim = _x.Columns / _steps.Columns;
        for (var row = rows.FirstRow; row < rows.FirstRow + rows.RowCount; row++)
        {
            var decay = MathF.Exp(_steps.Row(row)[part] * _a[part]);
            var p = 0;
            for (; p <= headDim - TSimd.Count; p += TSimd.Count)
            {
                StepValues<TSimd, TVector>(rows.StateSlot, row, part, headDim, p, decay);
            }

            for (; p < headDim; p++)
            {
                StepValues<SimdScalar, float>(rows.StateSlot, row, part, headDim, p, decay);
            }
        }
    }

    /// <summary>A whole sequence by the definition, in double precision: the test of every path.</summary>
    public static void RunReference(Matrix x, Matrix steps, Matrix b, Matrix c, float* a, float* d, Matrix y, int groups)
    {
        var (heads, count) = (steps.Columns, b.Columns / groups);
        for (var value = 0; value < x.Columns; value++)
        {
            var head = value / (x.Columns / heads);
            var first = head / (heads / groups) * count;
            var state = new double[count];
            for (var t = 0; t < x.Rows; t++)
            {
                var (step, input) = ((double)steps.Row(t)[head], (double)x.Row(t)[value]);
                var sum = d[head] * input;
                for (var n = 0; n < count; n++)
                {
                    state[n] = (Math.Exp(step * a[head]) * state[n]) + (step * b.Row(t)[first + n] * input);
                    sum += state[n] * c.Row(t)[first + n];
                }

                y.Row(t)[value] = (float)sum;
            }
        }
    }

    private void StepValues<TSimd, TVector>(int slot, int row, int head, int headDim, int p, float decay)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var count = _b.Columns / groups;
        var group = head / (_steps.Columns / groups);
        var b = _b.Row(row) + (group * count);
        var c = _c.Row(row) + (group * count);
        var x = TSimd.Load(_x.Row(row) + (head * headDim) + p);
        var input = TSimd.Multiply(x, TSimd.Create(_steps.Row(row)[head]));
        var factor = TSimd.Create(decay);
        var sum = TSimd.Create(0f);
        var state = states.Of(slot) + ((nint)head * count * headDim) + p;
        for (var n = 0; n < count; n++, state += headDim)
        {
            var value = TSimd.MultiplyAdd(factor, TSimd.Load(state), TSimd.Multiply(input, TSimd.Create(b[n])));
            TSimd.Store(value, state);
            sum = TSimd.MultiplyAdd(value, TSimd.Create(c[n]), sum);
        }

        TSimd.Store(TSimd.MultiplyAdd(TSimd.Create(_d[head]), x, sum), _y.Row(row) + (head * headDim) + p);
    }
}
