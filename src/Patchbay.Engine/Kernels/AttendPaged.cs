using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>The rows of one sequence in a batch, and where its keys and values are.</summary>
/// <param name="FirstRow">Its first row in the batch.</param>
/// <param name="RowCount">Its rows.</param>
/// <param name="Position">Position of the first row in the sequence.</param>
/// <param name="Blocks">Address of the block numbers (int) that hold positions 0–15, 16–31, …</param>
/// <param name="StateSlot">Where its recurrent state is kept; -1 for models without one.</param>
internal readonly record struct PagedRows(int FirstRow, int RowCount, int Position, nint Blocks, int StateSlot = -1);

/// <summary>
/// Keys and values of one layer in blocks of <see cref="BlockTokens"/> tokens. Keys are stored (block, head, headDim, token), so
/// that one vector holds one dimension of neighbouring tokens; values (block, head, token, headDim).
/// </summary>
internal readonly record struct PagedLayer(nint Keys, nint Values, int Heads, int KeyDim, int ValueDim)
{
    /// <summary>Tokens per block.</summary>
    public const int BlockTokens = 16;

    public unsafe float* KeyBlock(int block, int head) => (float*)Keys + ((nint)block * Heads + head) * BlockTokens * KeyDim;

    public unsafe float* ValueBlock(int block, int head) => (float*)Values + ((nint)block * Heads + head) * BlockTokens * ValueDim;
}

/// <summary>
/// Scaled dot-product attention over paged keys and values: o = softmax(q·Kᵀ·scale)·V for every row, causal, optionally
/// within a sliding window, with capped scores, biases by distance or sinks. A row's scores are added up over dimensions in ascending order, its weighted values
/// over positions in ascending order from a block boundary: neither the chunking of the prompt nor the batch changes
/// them. Memory past a row's own position is never used in arithmetic, whatever it holds.
/// </summary>
internal static unsafe class AttendPaged
{
    private const int TaskRows = 16;

    /// <param name="pool">The workers.</param>
    /// <param name="sequences">The rows of each sequence in the batch.</param>
    /// <param name="layer">Keys and values; those of the batch's own rows are already stored.</param>
    /// <param name="queries">(rows, queryHeads·keyDim).</param>
    /// <param name="output">(rows, queryHeads·valueDim).</param>
    /// <param name="settings">Scale, window and what else changes the scores.</param>
    public static void Run(
        WorkerPool pool, PagedRows[] sequences, int sequenceCount, PagedLayer layer, Matrix queries, Matrix output, Settings settings)
    {
        var tasks = 0;
        var longest = 0;
        for (var i = 0; i < sequenceCount; i++)
        {
            tasks += Chunks(sequences[i]);
            longest = Math.Max(longest, sequences[i].Position + sequences[i].RowCount);
        }

        var scoreStride = (longest + PagedLayer.BlockTokens - 1) / PagedLayer.BlockTokens * PagedLayer.BlockTokens;
        pool.ReserveScratch((long)scoreStride * sizeof(float) * Queries);
        var job = new Job(sequences, layer, queries, output, settings, scoreStride);
        pool.Run(ref job, tasks * layer.Heads);
    }

    /// <summary>One query by the definition, in double precision: the test of every path.</summary>
    public static void AttendReference(
        PagedRows rows, PagedLayer layer, int queryHead, int head, ReadOnlySpan<float> query, int position, Settings settings, Span<float> output)
    {
        var first = settings.FirstVisible(position);
        var scores = new double[position + 1 - first];
        for (var i = 0; i < scores.Length; i++)
        {
            var (block, token) = Locate(rows, first + i);
            var keys = layer.KeyBlock(block, head);
            for (var d = 0; d < layer.KeyDim; d++)
            {
                scores[i] += (double)query[d] * keys[(d * PagedLayer.BlockTokens) + token];
            }

            scores[i] *= settings.Scale;
            scores[i] = settings.SoftCap == 0 ? scores[i] : settings.SoftCap * Math.Tanh(scores[i] / settings.SoftCap);
            scores[i] -= settings.Slopes == 0 ? 0 : ((float*)settings.Slopes)[queryHead] * (double)(position - first - i);
        }

        var sink = settings.Sinks == 0 ? double.NegativeInfinity : ((float*)settings.Sinks)[queryHead];
        var max = Math.Max(sink, scores.Max());
        var total = Math.Exp(sink - max) + scores.Sum(score => Math.Exp(score - max));
        for (var d = 0; d < layer.ValueDim; d++)
        {
            var sum = 0.0;
            for (var i = 0; i < scores.Length; i++)
            {
                var (block, token) = Locate(rows, first + i);
                sum += Math.Exp(scores[i] - max) / total * layer.ValueBlock(block, head)[(token * layer.ValueDim) + d];
            }

            output[d] = (float)sum;
        }
    }

    // Queries that share the keys they read.
    private const int Queries = 4;

    private static int Chunks(PagedRows rows) => (rows.RowCount + TaskRows - 1) / TaskRows;

    private static (int Block, int Token) Locate(PagedRows rows, int position) =>
        (((int*)rows.Blocks)[position / PagedLayer.BlockTokens], position % PagedLayer.BlockTokens);

    /// <summary>What differs between attention layers.</summary>
    /// <param name="Scale">Factor of the scores.</param>
    /// <param name="Window">Positions that a row sees, itself included; 0 sees all before it.</param>
    /// <param name="SoftCap">c of scores that become c·tanh(score / c); 0 leaves them.</param>
    /// <param name="Slopes">Address of one float per query head, taken from the score for every position of distance (ALiBi); 0 for none.</param>
    /// <param name="Sinks">Address of one float per query head: a score that joins the softmax and has no value; 0 for none.</param>
    internal readonly record struct Settings(float Scale, int Window = 0, float SoftCap = 0, nint Slopes = 0, nint Sinks = 0)
    {
        public int FirstVisible(int position) => Window == 0 ? 0 : Math.Max(0, position - Window + 1);
    }

    private readonly struct Job(PagedRows[] sequences, PagedLayer layer, Matrix queries, Matrix output, Settings settings, int scoreStride)
        : IParallelJob
    {
        private readonly PagedLayer _layer = layer;
        private readonly Matrix _queries = queries;
        private readonly Matrix _output = output;

        public void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var head = task % _layer.Heads;
            var chunk = task / _layer.Heads;
            var sequence = 0;
            while (chunk >= Chunks(sequences[sequence]))
            {
                chunk -= Chunks(sequences[sequence++]);
            }

            var rows = sequences[sequence];
            var group = _queries.Columns / _layer.KeyDim / _layer.Heads;
            var first = chunk * TaskRows;
            var count = Math.Min(rows.RowCount - first, TaskRows) * group;
            for (var query = 0; query < count; query += Queries)
            {
                Attend<TSimd, TVector>(rows, head, group, (first * group) + query, Math.Min(Queries, count - query), (float*)scratch);
            }
        }

        // Query number i of a chunk is head i % group of row i / group.
        private void Attend<TSimd, TVector>(PagedRows rows, int head, int group, int firstQuery, int count, float* scores)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var lastPosition = rows.Position + ((firstQuery + count - 1) / group);
            var start = settings.FirstVisible(rows.Position + (firstQuery / group)) / PagedLayer.BlockTokens * PagedLayer.BlockTokens;
            float** q = stackalloc float*[Queries];
            for (var i = 0; i < Queries; i++)
            {
                // Surplus places repeat the last query; their results are not stored.
                var number = firstQuery + Math.Min(i, count - 1);
                q[i] = _queries.Row(rows.FirstRow + (number / group)) + (((head * group) + (number % group)) * _layer.KeyDim);
            }

            for (var position = start; position <= lastPosition; position += PagedLayer.BlockTokens)
            {
                Score<TSimd, TVector>(_layer.KeyBlock(Locate(rows, position).Block, head), q, scores + position);
            }

            for (var i = 0; i < count; i++)
            {
                var number = firstQuery + i;
                var position = rows.Position + (number / group);
                var weights = scores + ((nint)i * scoreStride);
                var visible = settings.FirstVisible(position);
                var from = visible / PagedLayer.BlockTokens * PagedLayer.BlockTokens;
                var queryHead = (head * group) + (number % group);
                Adjust<TSimd, TVector>(weights, from, position, queryHead);
                var total = Softmax<TSimd, TVector>(weights, from, visible, position + 1, queryHead);
                var o = _output.Row(rows.FirstRow + (number / group)) + (queryHead * _layer.ValueDim);
                Weigh<TSimd, TVector>(rows, head, weights, visible, position + 1, 1f / total, o);
            }
        }

        private void Score<TSimd, TVector>(float* keys, float** q, float* scores)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var (q0, q1, q2, q3) = ((nint)q[0], (nint)q[1], (nint)q[2], (nint)q[3]);
            var scale = TSimd.Create(settings.Scale);
            for (var token = 0; token < PagedLayer.BlockTokens; token += TSimd.Count)
            {
                var s0 = TSimd.Create(0f);
                var s1 = s0;
                var s2 = s0;
                var s3 = s0;
                for (var d = 0; d < _layer.KeyDim; d++)
                {
                    var key = TSimd.Load(keys + (d * PagedLayer.BlockTokens) + token);
                    s0 = TSimd.MultiplyAdd(key, TSimd.Create(((float*)q0)[d]), s0);
                    s1 = TSimd.MultiplyAdd(key, TSimd.Create(((float*)q1)[d]), s1);
                    s2 = TSimd.MultiplyAdd(key, TSimd.Create(((float*)q2)[d]), s2);
                    s3 = TSimd.MultiplyAdd(key, TSimd.Create(((float*)q3)[d]), s3);
                }

                TSimd.Store(TSimd.Multiply(s0, scale), scores + token);
                TSimd.Store(TSimd.Multiply(s1, scale), scores + scoreStride + token);
                TSimd.Store(TSimd.Multiply(s2, scale), scores + (2 * (nint)scoreStride) + token);
                TSimd.Store(TSimd.Multiply(s3, scale), scores + (3 * (nint)scoreStride) + token);
            }
        }

        private void Adjust<TSimd, TVector>(float* scores, int from, int position, int queryHead)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            for (var i = from; settings.SoftCap != 0 && i <= position; i += TSimd.Count)
            {
                TSimd.Store(SoftCap.Cap<TSimd, TVector>(TSimd.Load(scores + i), settings.SoftCap), scores + i);
            }

            for (var i = from; settings.Slopes != 0 && i <= position; i++)
            {
                // By the distance, not by the position of the key: the same to the softmax, and small where it matters.
                scores[i] -= ((float*)settings.Slopes)[queryHead] * (position - i);
            }
        }

        /// <summary>Turns scores [visible, end) into unnormalised weights, those beside them in the blocks into 0; returns the sum.</summary>
        private float Softmax<TSimd, TVector>(float* scores, int from, int visible, int end, int queryHead)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var padded = (end + PagedLayer.BlockTokens - 1) / PagedLayer.BlockTokens * PagedLayer.BlockTokens;
            var max = settings.Sinks == 0 ? float.NegativeInfinity : ((float*)settings.Sinks)[queryHead];
            for (var i = visible; i < end; i++)
            {
                max = MathF.Max(max, scores[i]);
            }

            new Span<float>(scores + from, visible - from).Fill(float.NegativeInfinity);
            new Span<float>(scores + end, padded - end).Fill(float.NegativeInfinity);
            var shift = TSimd.Create(max);
            var sum = TSimd.Create(0f);
            for (var i = from; i < padded; i += TSimd.Count)
            {
                TSimd.Store(VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + i), shift)), scores + i);
            }

            // Masked places must be exactly nothing: e^-87 is small, but not zero.
            new Span<float>(scores + from, visible - from).Clear();
            new Span<float>(scores + end, padded - end).Clear();
            for (var i = from; i < padded; i += TSimd.Count)
            {
                sum = TSimd.Add(sum, TSimd.Load(scores + i));
            }

            var total = TSimd.Sum(sum);
            return settings.Sinks == 0 ? total : total + VectorMath.Exp<SimdScalar, float>(((float*)settings.Sinks)[queryHead] - max);
        }

        private void Weigh<TSimd, TVector>(PagedRows rows, int head, float* weights, int visible, int end, float factor, float* output)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var dim = _layer.ValueDim;
            var d = 0;
            for (; d <= dim - (4 * TSimd.Count); d += 4 * TSimd.Count)
            {
                WeighFour<TSimd, TVector>(rows, head, weights, visible, end, factor, output, d);
            }

            for (; d <= dim - TSimd.Count; d += TSimd.Count)
            {
                WeighOne<TSimd, TVector>(rows, head, weights, visible, end, factor, output, d);
            }

            for (; d < dim; d++)
            {
                WeighOne<SimdScalar, float>(rows, head, weights, visible, end, factor, output, d);
            }
        }

        private void WeighFour<TSimd, TVector>(
            PagedRows rows, int head, float* weights, int visible, int end, float factor, float* output, int d)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var s0 = TSimd.Create(0f);
            var s1 = s0;
            var s2 = s0;
            var s3 = s0;
            for (var position = visible; position < end;)
            {
                var (block, token) = Locate(rows, position);
                var value = _layer.ValueBlock(block, head) + (token * _layer.ValueDim) + d;
                var stop = Math.Min(end, position - token + PagedLayer.BlockTokens);
                for (; position < stop; position++, value += _layer.ValueDim)
                {
                    var weight = TSimd.Create(weights[position]);
                    s0 = TSimd.MultiplyAdd(TSimd.Load(value), weight, s0);
                    s1 = TSimd.MultiplyAdd(TSimd.Load(value + TSimd.Count), weight, s1);
                    s2 = TSimd.MultiplyAdd(TSimd.Load(value + (2 * TSimd.Count)), weight, s2);
                    s3 = TSimd.MultiplyAdd(TSimd.Load(value + (3 * TSimd.Count)), weight, s3);
                }
            }

            var scale = TSimd.Create(factor);
            TSimd.Store(TSimd.Multiply(s0, scale), output + d);
            TSimd.Store(TSimd.Multiply(s1, scale), output + d + TSimd.Count);
            TSimd.Store(TSimd.Multiply(s2, scale), output + d + (2 * TSimd.Count));
            TSimd.Store(TSimd.Multiply(s3, scale), output + d + (3 * TSimd.Count));
        }

        private void WeighOne<TSimd, TVector>(
            PagedRows rows, int head, float* weights, int visible, int end, float factor, float* output, int d)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var sum = TSimd.Create(0f);
            for (var position = visible; position < end; position++)
            {
                var (block, token) = Locate(rows, position);
                var value = TSimd.Load(_layer.ValueBlock(block, head) + (token * _layer.ValueDim) + d);
                sum = TSimd.MultiplyAdd(value, TSimd.Create(weights[position]), sum);
            }

            TSimd.Store(TSimd.Multiply(sum, TSimd.Create(factor)), output + d);
        }
    }
}
