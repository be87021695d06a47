using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Recurrent;

/// <summary>
/// The gated delta rule (arXiv:2412.06464, eq. 10): with S[k, v] the state of a head, S = α·S, then
/// S += key ⊗ β·(value - Sᵀ·key), then y = Sᵀ·query; sums over k in ascending order. Heads of values share heads of keys.
/// </summary>
/// <param name="queries">(rows, keyHeads·keyDim), normalised and scaled.</param>
/// <param name="keys">(rows, keyHeads·keyDim), normalised.</param>
/// <param name="values">(rows, heads·valueDim).</param>
/// <param name="decays">α, (rows, heads).</param>
/// <param name="rates">β, (rows, heads).</param>
/// <param name="y">(rows, heads·valueDim).</param>
/// <param name="keyDim">Values per key.</param>
/// <param name="states">(heads, keyDim, valueDim) per sequence.</param>
internal readonly unsafe struct GatedDelta(
    Matrix queries, Matrix keys, Matrix values, Matrix decays, Matrix rates, Matrix y, int keyDim, StateLayer states) : ISequenceKernel
{
    private readonly Matrix _queries = queries;
    private readonly Matrix _keys = keys;
    private readonly Matrix _values = values;
    private readonly Matrix _decays = decays;
    private readonly Matrix _rates = rates;
    private readonly Matrix _y = y;

    public void Step<TSimd, TVector>(PagedRows rows, int part)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var valueDim = _y.Columns / _decays.Columns;
        var v = 0;
        for (; v <= valueDim - TSimd.Count; v += TSimd.Count)
        {
            StepValues<TSimd, TVector>(rows, part, valueDim, v);
        }

        for (; v < valueDim; v++)
        {
            StepValues<SimdScalar, float>(rows, part, valueDim, v);
        }
    }

    /// <summary>A whole sequence by the definition, in double precision: the test of every path.</summary>
    public static void RunReference(Matrix queries, Matrix keys, Matrix values, Matrix decays, Matrix rates, Matrix y, int keyDim)
    {
        var heads = decays.Columns;
        for (var column = 0; column < y.Columns; column++)
        {
            var head = column / (y.Columns / heads);
            var first = head / (heads / (keys.Columns / keyDim)) * keyDim;
            var state = new double[keyDim];
            for (var t = 0; t < y.Rows; t++)
            {
                var known = 0.0;
                for (var k = 0; k < keyDim; k++)
                {
                    state[k] *= decays.Row(t)[head];
                    known += state[k] * keys.Row(t)[first + k];
                }

                var change = rates.Row(t)[head] * (values.Row(t)[column] - known);
                var sum = 0.0;
                for (var k = 0; k < keyDim; k++)
                {
                    state[k] += change * keys.Row(t)[first + k];
                    sum += state[k] * queries.Row(t)[first + k];
                }

                y.Row(t)[column] = (float)sum;
            }
        }
    }

    private void StepValues<TSimd, TVector>(PagedRows rows, int head, int valueDim, int v)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var keyHead = head / (_decays.Columns / (_keys.Columns / keyDim)) * keyDim;
        var state = states.Of(rows.StateSlot) + ((nint)head * keyDim * valueDim) + v;
        for (var row = rows.FirstRow; row < rows.FirstRow + rows.RowCount; row++)
        {
            var key = _keys.Row(row) + keyHead;
            var query = _queries.Row(row) + keyHead;
            var decay = TSimd.Create(_decays.Row(row)[head]);
            var known = TSimd.Create(0f);
            for (var k = 0; k < keyDim; k++)
            {
                var kept = TSimd.Multiply(TSimd.Load(state + (k * valueDim)), decay);
                TSimd.Store(kept, state + (k * valueDim));
                known = TSimd.MultiplyAdd(kept, TSimd.Create(key[k]), known);
            }

            var value = TSimd.Load(_values.Row(row) + (head * valueDim) + v);
            var change = TSimd.Multiply(TSimd.Subtract(value, known), TSimd.Create(_rates.Row(row)[head]));
            var sum = TSimd.Create(0f);
            for (var k = 0; k < keyDim; k++)
            {
                var updated = TSimd.MultiplyAdd(change, TSimd.Create(key[k]), TSimd.Load(state + (k * valueDim)));
                TSimd.Store(updated, state + (k * valueDim));
                sum = TSimd.MultiplyAdd(updated, TSimd.Create(query[k]), sum);
            }

            TSimd.Store(sum, _y.Row(row) + (head * valueDim) + v);
        }
    }
}
