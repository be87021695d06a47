using System.Runtime.CompilerServices;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Scaled dot-product attention over paged keys and values: o = softmax(q·Kᵀ·scale)·V for every row, causal, optionally
/// within a sliding window, with capped scores, biases by distance or sinks. A row's scores are added up over dimensions in ascending order, its weighted values
/// over positions in ascending order from a block boundary: neither the chunking of the prompt nor the batch changes
/// them. Memory past a row's own position is never used in arithmetic, whatever it holds.
/// </summary>
/// <remarks>
/// Four queries share what is read of keys and values: neighbouring rows of a prompt and the query heads of one group. Stored
/// values are widened once for the four; their scales, where the format has some, multiply scores and weights instead.
/// </remarks>
internal static unsafe class AttendPaged
{
    private const int TaskRows = 16;

    // Queries that share the keys and values they read.
    private const int Queries = 4;

    // Vectors of a value that are summed up at once, for one query and for four.
    private const int WideVectors = 4;
    private const int TileVectors = 2;

    /// <param name="pool">The workers.</param>
    /// <param name="sequences">The rows of each sequence in the batch.</param>
    /// <param name="sequenceCount">How many of them count.</param>
    /// <param name="layer">Keys and values; those of the batch's own rows are already stored.</param>
    /// <param name="queries">(rows, queryHeads·keyDim).</param>
    /// <param name="output">(rows, queryHeads·valueDim).</param>
    /// <param name="settings">Scale, window and what else changes the scores.</param>
    public static void Run(
        WorkerPool pool, PagedRows[] sequences, int sequenceCount, PagedLayer layer, Matrix queries, Matrix output, Settings settings)
    {
        switch (layer.Format)
        {
            case KvFormat.F32: Run<KvF32>(pool, sequences, sequenceCount, layer, queries, output, settings); break;
            case KvFormat.BF16: Run<KvBF16>(pool, sequences, sequenceCount, layer, queries, output, settings); break;
            default: Run<KvQ8>(pool, sequences, sequenceCount, layer, queries, output, settings); break;
        }
    }

    /// <summary>One query by the definition, in double precision: the test of every path.</summary>
    public static void AttendReference(
        PagedRows rows, PagedLayer layer, int queryHead, int head, ReadOnlySpan<float> query, int position, Settings settings, Span<float> output)
    {
        var first = settings.FirstVisible(position);
        var scores = new double[position + 1 - first];
        for (var i = 0; i < scores.Length; i++)
        {
            var (block, token) = rows.Locate(first + i);
            for (var d = 0; d < layer.KeyDim; d++)
            {
                scores[i] += (double)query[d] * layer.Key(block, head, token, d);
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
                var (block, token) = rows.Locate(first + i);
                sum += Math.Exp(scores[i] - max) / total * layer.Value(block, head, token, d);
            }

            output[d] = (float)sum;
        }
    }

    private static void Run<TKv>(
        WorkerPool pool, PagedRows[] sequences, int sequenceCount, PagedLayer layer, Matrix queries, Matrix output, Settings settings)
        where TKv : struct, IKvElement
    {
        var tasks = 0;
        var longest = 0;
        for (var i = 0; i < sequenceCount; i++)
        {
            tasks += Chunks(sequences[i]);
            longest = Math.Max(longest, sequences[i].Position + sequences[i].RowCount);
        }

        var scoreStride = PaddedToBlock(longest);
        pool.ReserveScratch((long)scoreStride * sizeof(float) * Queries);
        var job = new Job<TKv>(sequences, layer, queries, output, settings, scoreStride);
        pool.Run(ref job, tasks * layer.Heads);
    }

    private static int Chunks(PagedRows rows) => (rows.RowCount + TaskRows - 1) / TaskRows;

    private static int PaddedToBlock(int position) => (position + PagedLayer.BlockTokens - 1) / PagedLayer.BlockTokens * PagedLayer.BlockTokens;

    private static int BlockStart(int position) => position / PagedLayer.BlockTokens * PagedLayer.BlockTokens;

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

    /// <summary>One of the queries that are worked on together.</summary>
    private struct Query
    {
        /// <summary>Address of its keyDim values.</summary>
        public nint Vector;

        /// <summary>Address of its scores, later its weights, by position.</summary>
        public nint Scores;

        /// <summary>Address of its part of the output.</summary>
        public nint Output;

        /// <summary>Its query head.</summary>
        public int Head;

        /// <summary>The positions that it sees: [Visible, End).</summary>
        public int Visible;

        public int End;

        /// <summary>1 / sum of its weights.</summary>
        public float Factor;
    }

    private readonly struct Job<TKv>(PagedRows[] sequences, PagedLayer layer, Matrix queries, Matrix output, Settings settings, int scoreStride)
        : IParallelJob
        where TKv : struct, IKvElement
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

            // Query number i of a chunk is head i % group of row i / group.
            var rows = sequences[sequence];
            var group = _queries.Columns / _layer.KeyDim / _layer.Heads;
            var first = chunk * TaskRows;
            var count = Math.Min(rows.RowCount - first, TaskRows) * group;
            var tile = stackalloc Query[Queries];
            for (var number = 0; number < count; number += Queries)
            {
                var size = Math.Min(Queries, count - number);
                for (var i = 0; i < size; i++)
                {
                    tile[i] = At(rows, first + ((number + i) / group), (head * group) + ((number + i) % group), (float*)scratch + ((nint)i * scoreStride));
                }

                Attend<TSimd, TVector>(rows, head, tile, size);
            }
        }

        private Query At(PagedRows rows, int row, int queryHead, float* scores)
        {
            var position = rows.Position + row;
            return new Query
            {
                Vector = (nint)(_queries.Row(rows.FirstRow + row) + (queryHead * _layer.KeyDim)),
                Scores = (nint)scores,
                Output = (nint)(_output.Row(rows.FirstRow + row) + (queryHead * _layer.ValueDim)),
                Head = queryHead,
                Visible = settings.FirstVisible(position),
                End = position + 1,
            };
        }

        private void Attend<TSimd, TVector>(PagedRows rows, int head, Query* tile, int count)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            // Queries are in the order of their rows: the first sees the first position, the last the last.
            for (var position = BlockStart(tile[0].Visible); position < tile[count - 1].End; position += PagedLayer.BlockTokens)
            {
                var keys = _layer.KeyBlock(rows.Locate(position).Block, head);
                if (count == 1)
                {
                    ScoreOne<TSimd, TVector>(keys, tile, position);
                }
                else
                {
                    Score<TSimd, TVector>(keys, tile, count, position);
                }
            }

            for (var i = 0; i < count; i++)
            {
                Adjust<TSimd, TVector>(tile[i]);
                tile[i].Factor = 1f / Softmax<TSimd, TVector>(tile[i]);
                if (TKv.IsScaled)
                {
                    ScaleWeights<TSimd, TVector>(rows, head, tile[i]);
                }
            }

            Weigh<TSimd, TVector>(rows, head, tile, count);
        }

        private void Score<TSimd, TVector>(byte* keys, Query* tile, int count, int position)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            // Surplus places repeat the last query, and store the same scores once more.
            var queries = stackalloc Query[Queries];
            for (var i = 0; i < Queries; i++)
            {
                queries[i] = tile[Math.Min(i, count - 1)];
            }

            var token = 0;
            for (; token <= PagedLayer.BlockTokens - (2 * TSimd.Count); token += 2 * TSimd.Count)
            {
                ScoreTwoVectors<TSimd, TVector>(keys, queries, position, token);
            }

            for (; token < PagedLayer.BlockTokens; token += TSimd.Count)
            {
                ScoreVector<TSimd, TVector>(keys, queries, position, token);
            }
        }

        // Eight sums at a time: as many as two units with four cycles of latency have under way.
        private void ScoreTwoVectors<TSimd, TVector>(byte* keys, Query* queries, int position, int token)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var v0 = (float*)queries[0].Vector;
            var v1 = (float*)queries[1].Vector;
            var v2 = (float*)queries[2].Vector;
            var v3 = (float*)queries[3].Vector;
            var zero = TSimd.Create(0f);
            TVector a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero;
            for (var d = 0; d < _layer.KeyDim; d++)
            {
                var low = TKv.Load<TSimd, TVector>(keys, (d * PagedLayer.BlockTokens) + token);
                var high = TKv.Load<TSimd, TVector>(keys, (d * PagedLayer.BlockTokens) + token + TSimd.Count);
                var value = TSimd.Create(v0[d]);
                a0 = TSimd.MultiplyAdd(low, value, a0);
                a1 = TSimd.MultiplyAdd(high, value, a1);
                value = TSimd.Create(v1[d]);
                b0 = TSimd.MultiplyAdd(low, value, b0);
                b1 = TSimd.MultiplyAdd(high, value, b1);
                value = TSimd.Create(v2[d]);
                c0 = TSimd.MultiplyAdd(low, value, c0);
                c1 = TSimd.MultiplyAdd(high, value, c1);
                value = TSimd.Create(v3[d]);
                d0 = TSimd.MultiplyAdd(low, value, d0);
                d1 = TSimd.MultiplyAdd(high, value, d1);
            }

            StoreScores<TSimd, TVector>(keys, queries, position, token, a0, b0, c0, d0);
            StoreScores<TSimd, TVector>(keys, queries, position, token + TSimd.Count, a1, b1, c1, d1);
        }

        private void ScoreVector<TSimd, TVector>(byte* keys, Query* queries, int position, int token)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var v0 = (float*)queries[0].Vector;
            var v1 = (float*)queries[1].Vector;
            var v2 = (float*)queries[2].Vector;
            var v3 = (float*)queries[3].Vector;
            var zero = TSimd.Create(0f);
            TVector a = zero, b = zero, c = zero, e = zero;
            for (var d = 0; d < _layer.KeyDim; d++)
            {
                var key = TKv.Load<TSimd, TVector>(keys, (d * PagedLayer.BlockTokens) + token);
                a = TSimd.MultiplyAdd(key, TSimd.Create(v0[d]), a);
                b = TSimd.MultiplyAdd(key, TSimd.Create(v1[d]), b);
                c = TSimd.MultiplyAdd(key, TSimd.Create(v2[d]), c);
                e = TSimd.MultiplyAdd(key, TSimd.Create(v3[d]), e);
            }

            StoreScores<TSimd, TVector>(keys, queries, position, token, a, b, c, e);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void StoreScores<TSimd, TVector>(
            byte* keys, Query* queries, int position, int token, TVector s0, TVector s1, TVector s2, TVector s3)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var scale = Scale<TSimd, TVector>(keys, token);
            var place = position + token;
            TSimd.Store(TSimd.Multiply(s0, scale), (float*)queries[0].Scores + place);
            TSimd.Store(TSimd.Multiply(s1, scale), (float*)queries[1].Scores + place);
            TSimd.Store(TSimd.Multiply(s2, scale), (float*)queries[2].Scores + place);
            TSimd.Store(TSimd.Multiply(s3, scale), (float*)queries[3].Scores + place);
        }

        private void ScoreOne<TSimd, TVector>(byte* keys, Query* query, int position)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var q = (float*)query->Vector;
            for (var token = 0; token < PagedLayer.BlockTokens; token += TSimd.Count)
            {
                var sum = TSimd.Create(0f);
                for (var d = 0; d < _layer.KeyDim; d++)
                {
                    sum = TSimd.MultiplyAdd(TKv.Load<TSimd, TVector>(keys, (d * PagedLayer.BlockTokens) + token), TSimd.Create(q[d]), sum);
                }

                TSimd.Store(TSimd.Multiply(sum, Scale<TSimd, TVector>(keys, token)), (float*)query->Scores + position + token);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private TVector Scale<TSimd, TVector>(byte* keys, int token)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var scale = TSimd.Create(settings.Scale);
            return TKv.IsScaled ? TSimd.Multiply(TSimd.Load(PagedLayer.Scales(keys, _layer.KeyDim) + token), scale) : scale;
        }

        private void Adjust<TSimd, TVector>(in Query query)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var scores = (float*)query.Scores;
            for (var i = BlockStart(query.Visible); settings.SoftCap != 0 && i < query.End; i += TSimd.Count)
            {
                TSimd.Store(SoftCap.Cap<TSimd, TVector>(TSimd.Load(scores + i), settings.SoftCap), scores + i);
            }

            for (var i = query.Visible; settings.Slopes != 0 && i < query.End; i++)
            {
                // By the distance, not by the position of the key: the same to the softmax, and small where it matters.
                scores[i] -= ((float*)settings.Slopes)[query.Head] * (query.End - 1 - i);
            }
        }

        /// <summary>Turns the scores that a query sees into unnormalised weights, those beside them in the blocks into 0; returns the sum.</summary>
        private float Softmax<TSimd, TVector>(in Query query)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var scores = (float*)query.Scores;
            var from = BlockStart(query.Visible);
            var padded = PaddedToBlock(query.End);
            new Span<float>(scores + from, query.Visible - from).Fill(float.NegativeInfinity);
            new Span<float>(scores + query.End, padded - query.End).Fill(float.NegativeInfinity);
            var sink = settings.Sinks == 0 ? float.NegativeInfinity : ((float*)settings.Sinks)[query.Head];
            var most = TSimd.Create(sink);
            for (var i = from; i < padded; i += TSimd.Count)
            {
                most = TSimd.Max(most, TSimd.Load(scores + i));
            }

            var max = TSimd.MaxAcross(most);
            var shift = TSimd.Create(max);
            for (var i = from; i < padded; i += TSimd.Count)
            {
                TSimd.Store(VectorMath.Exp<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + i), shift)), scores + i);
            }

            // Masked places must be exactly nothing: e^-87 is small, but not zero.
            new Span<float>(scores + from, query.Visible - from).Clear();
            new Span<float>(scores + query.End, padded - query.End).Clear();
            var sum = TSimd.Create(0f);
            for (var i = from; i < padded; i += TSimd.Count)
            {
                sum = TSimd.Add(sum, TSimd.Load(scores + i));
            }

            var total = TSimd.Sum(sum);
            return settings.Sinks == 0 ? total : total + VectorMath.Exp<SimdScalar, float>(sink - max);
        }

        // Places that the query does not see may become anything here; they are not read again.
        private void ScaleWeights<TSimd, TVector>(PagedRows rows, int head, in Query query)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var weights = (float*)query.Scores;
            for (var position = BlockStart(query.Visible); position < query.End; position += PagedLayer.BlockTokens)
            {
                var scales = PagedLayer.Scales(_layer.ValueBlock(rows.Locate(position).Block, head), _layer.ValueDim);
                for (var token = 0; token < PagedLayer.BlockTokens; token += TSimd.Count)
                {
                    var place = weights + position + token;
                    TSimd.Store(TSimd.Multiply(TSimd.Load(place), TSimd.Load(scales + token)), place);
                }
            }
        }

        private void Weigh<TSimd, TVector>(PagedRows rows, int head, Query* tile, int count)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var dim = _layer.ValueDim;
            var d = 0;
            if (count > 1)
            {
                for (; d <= dim - (TileVectors * TSimd.Count); d += TileVectors * TSimd.Count)
                {
                    WeighTile<TSimd, TVector>(rows, head, tile, count, d);
                }
            }

            for (var i = 0; i < count; i++)
            {
                WeighRest<TSimd, TVector>(rows, head, tile[i], d);
            }
        }

        private void WeighRest<TSimd, TVector>(PagedRows rows, int head, in Query query, int d)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var dim = _layer.ValueDim;
            for (; d <= dim - (WideVectors * TSimd.Count); d += WideVectors * TSimd.Count)
            {
                WeighWide<TSimd, TVector>(rows, head, query, d);
            }

            for (; d <= dim - TSimd.Count; d += TSimd.Count)
            {
                WeighOne<TSimd, TVector>(rows, head, query, d);
            }

            for (; d < dim; d++)
            {
                WeighOne<SimdScalar, float>(rows, head, query, d);
            }
        }

        /// <summary>
        /// Two vectors of up to four queries: positions that only some see one query at a time, those that all see together. For each
        /// query that is still one sum over its positions in ascending order.
        /// </summary>
        private void WeighTile<TSimd, TVector>(PagedRows rows, int head, Query* tile, int count, int d)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var sums = stackalloc TVector[Queries * TileVectors];
            for (var i = 0; i < Queries * TileVectors; i++)
            {
                sums[i] = TSimd.Create(0f);
            }

            // Queries are in the order of their rows.
            var from = tile[count - 1].Visible;
            var to = Math.Max(from, tile[0].End);
            for (var i = 0; i < count; i++)
            {
                AddRange<TSimd, TVector>(rows, head, tile[i], tile[i].Visible, Math.Min(from, tile[i].End), d, sums + (i * TileVectors));
            }

            AddShared<TSimd, TVector>(rows, head, tile, count, from, Math.Min(to, tile[0].End), d, sums);
            for (var i = 0; i < count; i++)
            {
                AddRange<TSimd, TVector>(rows, head, tile[i], to, tile[i].End, d, sums + (i * TileVectors));
                var factor = TSimd.Create(tile[i].Factor);
                var output = (float*)tile[i].Output + d;
                TSimd.Store(TSimd.Multiply(sums[i * TileVectors], factor), output);
                TSimd.Store(TSimd.Multiply(sums[(i * TileVectors) + 1], factor), output + TSimd.Count);
            }
        }

        private void AddRange<TSimd, TVector>(PagedRows rows, int head, in Query query, int from, int to, int d, TVector* sums)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            for (var position = from; position < to; position++)
            {
                var (block, token) = rows.Locate(position);
                var values = _layer.ValueBlock(block, head);
                var place = (token * _layer.ValueDim) + d;
                var weight = TSimd.Create(((float*)query.Scores)[position]);
                sums[0] = TSimd.MultiplyAdd(TKv.Load<TSimd, TVector>(values, place), weight, sums[0]);
                sums[1] = TSimd.MultiplyAdd(TKv.Load<TSimd, TVector>(values, place + TSimd.Count), weight, sums[1]);
            }
        }

        private void AddShared<TSimd, TVector>(PagedRows rows, int head, Query* tile, int count, int from, int to, int d, TVector* sums)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            // Surplus places repeat the last query; their sums are not stored.
            var w0 = (float*)tile[0].Scores;
            var w1 = (float*)tile[Math.Min(1, count - 1)].Scores;
            var w2 = (float*)tile[Math.Min(2, count - 1)].Scores;
            var w3 = (float*)tile[Math.Min(3, count - 1)].Scores;
            var (a0, a1, b0, b1) = (sums[0], sums[1], sums[2], sums[3]);
            var (c0, c1, d0, d1) = (sums[4], sums[5], sums[6], sums[7]);
            for (var position = from; position < to;)
            {
                var (block, token) = rows.Locate(position);
                var values = _layer.ValueBlock(block, head);
                var place = (nint)(token * _layer.ValueDim) + d;
                var stop = Math.Min(to, position - token + PagedLayer.BlockTokens);
                for (; position < stop; position++, place += _layer.ValueDim)
                {
                    var v0 = TKv.Load<TSimd, TVector>(values, place);
                    var v1 = TKv.Load<TSimd, TVector>(values, place + TSimd.Count);
                    var weight = TSimd.Create(w0[position]);
                    a0 = TSimd.MultiplyAdd(v0, weight, a0);
                    a1 = TSimd.MultiplyAdd(v1, weight, a1);
                    weight = TSimd.Create(w1[position]);
                    b0 = TSimd.MultiplyAdd(v0, weight, b0);
                    b1 = TSimd.MultiplyAdd(v1, weight, b1);
                    weight = TSimd.Create(w2[position]);
                    c0 = TSimd.MultiplyAdd(v0, weight, c0);
                    c1 = TSimd.MultiplyAdd(v1, weight, c1);
                    weight = TSimd.Create(w3[position]);
                    d0 = TSimd.MultiplyAdd(v0, weight, d0);
                    d1 = TSimd.MultiplyAdd(v1, weight, d1);
                }
            }

            (sums[0], sums[1], sums[2], sums[3]) = (a0, a1, b0, b1);
            (sums[4], sums[5], sums[6], sums[7]) = (c0, c1, d0, d1);
        }

        private void WeighWide<TSimd, TVector>(PagedRows rows, int head, in Query query, int d)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var weights = (float*)query.Scores;
            var s0 = TSimd.Create(0f);
            var s1 = s0;
            var s2 = s0;
            var s3 = s0;
            for (var position = query.Visible; position < query.End;)
            {
                var (block, token) = rows.Locate(position);
                var values = _layer.ValueBlock(block, head);
                var place = (nint)(token * _layer.ValueDim) + d;
                var stop = Math.Min(query.End, position - token + PagedLayer.BlockTokens);
                for (; position < stop; position++, place += _layer.ValueDim)
                {
                    var weight = TSimd.Create(weights[position]);
                    s0 = TSimd.MultiplyAdd(TKv.Load<TSimd, TVector>(values, place), weight, s0);
                    s1 = TSimd.MultiplyAdd(TKv.Load<TSimd, TVector>(values, place + TSimd.Count), weight, s1);
                    s2 = TSimd.MultiplyAdd(TKv.Load<TSimd, TVector>(values, place + (2 * TSimd.Count)), weight, s2);
                    s3 = TSimd.MultiplyAdd(TKv.Load<TSimd, TVector>(values, place + (3 * TSimd.Count)), weight, s3);
                }
            }

            var factor = TSimd.Create(query.Factor);
            var output = (float*)query.Output + d;
            TSimd.Store(TSimd.Multiply(s0, factor), output);
            TSimd.Store(TSimd.Multiply(s1, factor), output + TSimd.Count);
            TSimd.Store(TSimd.Multiply(s2, factor), output + (2 * TSimd.Count));
            TSimd.Store(TSimd.Multiply(s3, factor), output + (3 * TSimd.Count));
        }

        private void WeighOne<TSimd, TVector>(PagedRows rows, int head, in Query query, int d)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var sum = TSimd.Create(0f);
            for (var position = query.Visible; position < query.End; position++)
            {
                var (block, token) = rows.Locate(position);
                var value = TKv.Load<TSimd, TVector>(_layer.ValueBlock(block, head), (token * _layer.ValueDim) + d);
                sum = TSimd.MultiplyAdd(value, TSimd.Create(((float*)query.Scores)[position]), sum);
            }

            TSimd.Store(TSimd.Multiply(sum, TSimd.Create(query.Factor)), (float*)query.Output + d);
        }
    }
}
