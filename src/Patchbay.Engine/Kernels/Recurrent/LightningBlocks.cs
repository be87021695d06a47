using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Recurrent;

/// <summary>The decays of one head of lightning attention, as tables over the positions of a block.</summary>
/// <param name="Query">Of the state before the block, by position in the block.</param>
/// <param name="Key">Of a key until the end of the block, by position in the block.</param>
/// <param name="Distance">Between two positions of a block, by their distance.</param>
/// <param name="Block">Of the state over a whole block.</param>
internal readonly unsafe record struct LightningDecays(nint Query, nint Key, nint Distance, nint Block)
{
    public float* QueryOf(int head, int blockSize) => (float*)Query + (head * blockSize);

    public float* KeyOf(int head, int blockSize) => (float*)Key + (head * blockSize);

    public float* DistanceOf(int head, int blockSize) => (float*)Distance + (head * blockSize);

    public float BlockOf(int head) => ((float*)Block)[head];
}

/// <summary>
/// Lightning attention (arXiv:2501.08313 §2.2): attention without softmax, keys decaying with distance. Positions are cut into
/// blocks from the start of the sequence; a row adds what the state before its block gives it, then the keys of its own block in
/// ascending order:
/// <code>
/// y[t] = λq[i]·q·S + Σⱼ λ[i - j]·(q·kⱼ)·vⱼ     i, j ≤ i positions in the block
/// S    = Λ·S + Σⱼ λk[j]·kⱼ ⊗ vⱼ                at the end of a block
/// </code>
/// With exact decays this is one recurrence. Checkpoints store rounded ones, and models are what their checkpoints say.
/// </summary>
/// <param name="heads">(rows, heads·3·headDim): query, key and value of each head, activated.</param>
/// <param name="y">(rows, heads·headDim).</param>
/// <param name="headDim">Values per head.</param>
/// <param name="blockSize">Positions of a block.</param>
/// <param name="decays">The tables.</param>
/// <param name="states">Per sequence and head: S (headDim, headDim), then keys and values (blockSize, headDim) of the block.</param>
internal readonly unsafe struct LightningBlocks(
    Matrix heads, Matrix y, int headDim, int blockSize, LightningDecays decays, StateLayer states) : ISequenceKernel
{
    private readonly Matrix _heads = heads;
    private readonly Matrix _y = y;

    /// <summary>Values that each head keeps per sequence.</summary>
    public static int StateSize(int headDim, int blockSize) => headDim * (headDim + (2 * blockSize));

    public void Step<TSimd, TVector>(PagedRows rows, int part)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var state = states.Of(rows.StateSlot) + ((nint)part * StateSize(headDim, blockSize));
        float* scores = stackalloc float[blockSize];
        for (var i = 0; i < rows.RowCount; i++)
        {
            var place = (rows.Position + i) % blockSize;
            var query = _heads.Row(rows.FirstRow + i) + (part * 3 * headDim);
            new Span<float>(query + headDim, headDim).CopyTo(new Span<float>(Keys(state) + (place * headDim), headDim));
            new Span<float>(query + (2 * headDim), headDim).CopyTo(new Span<float>(Values(state) + (place * headDim), headDim));
            for (var j = 0; j <= place; j++)
            {
                scores[j] = DenseTile.Dot<TSimd, TVector>(query, Keys(state) + (j * headDim), headDim)
                    * decays.DistanceOf(part, blockSize)[place - j];
            }

            var output = _y.Row(rows.FirstRow + i) + (part * headDim);
            var v = 0;
            for (; v <= headDim - TSimd.Count; v += TSimd.Count)
            {
                Column<TSimd, TVector>(query, state, scores, output, part, place, v);
            }

            for (; v < headDim; v++)
            {
                Column<SimdScalar, float>(query, state, scores, output, part, place, v);
            }
        }
    }

    /// <summary>A whole sequence with exact decays e^(-slope·distance), in double precision: the test of every path.</summary>
    public static void RunReference(Matrix heads, Matrix y, int headDim, ReadOnlySpan<float> slopes)
    {
        for (var column = 0; column < y.Columns; column++)
        {
            var (head, v) = (column / headDim, column % headDim);
            for (var t = 0; t < y.Rows; t++)
            {
                var query = heads.Row(t) + (head * 3 * headDim);
                var sum = 0.0;
                for (var s = 0; s <= t; s++)
                {
                    var key = heads.Row(s) + (head * 3 * headDim) + headDim;
                    var score = 0.0;
                    for (var k = 0; k < headDim; k++)
                    {
                        score += (double)query[k] * key[k];
                    }

                    sum += Math.Exp(-slopes[head] * (double)(t - s)) * score * key[headDim + v];
                }

                y.Row(t)[column] = (float)sum;
            }
        }
    }

    private float* Keys(float* state) => state + (headDim * headDim);

    private float* Values(float* state) => Keys(state) + (blockSize * headDim);

    // Column v of the output, of the state and of the values needs no other.
    private void Column<TSimd, TVector>(float* query, float* state, float* scores, float* output, int head, int place, int v)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var sum = TSimd.Create(0f);
        for (var k = 0; k < headDim; k++)
        {
            sum = TSimd.MultiplyAdd(TSimd.Load(state + (k * headDim) + v), TSimd.Create(query[k]), sum);
        }

        sum = TSimd.Multiply(sum, TSimd.Create(decays.QueryOf(head, blockSize)[place]));
        var values = Values(state) + v;
        for (var j = 0; j <= place; j++)
        {
            sum = TSimd.MultiplyAdd(TSimd.Load(values + (j * headDim)), TSimd.Create(scores[j]), sum);
        }

        TSimd.Store(sum, output + v);
        if (place == blockSize - 1)
        {
            EndBlock<TSimd, TVector>(state, head, v);
        }
    }

    private void EndBlock<TSimd, TVector>(float* state, int head, int v)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var (keys, values) = ((nint)Keys(state), (nint)(Values(state) + v));
        var decay = TSimd.Create(decays.BlockOf(head));
        for (var k = 0; k < headDim; k++)
        {
            var sum = TSimd.Multiply(TSimd.Load(state + (k * headDim) + v), decay);
            for (var j = 0; j < blockSize; j++)
            {
                var key = ((float*)keys)[(j * headDim) + k] * decays.KeyOf(head, blockSize)[j];
                sum = TSimd.MultiplyAdd(TSimd.Load((float*)values + (j * headDim)), TSimd.Create(key), sum);
            }

            TSimd.Store(sum, state + (k * headDim) + v);
        }
    }
}
