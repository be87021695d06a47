using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// What is done to the outputs of linear layers after W·x: low-rank changes and biases of all ranges of rows and of all modules
/// that read the same input. They are gathered first and computed in two dispatches, all shrinks and then all outputs; a
/// dispatch for each would cost a decode step more than the work. <see cref="LinearProducts"/> takes the outputs of long prompts into
/// its own dispatch between the two. Used again and again; keeps its memory.
/// On one core of a busy Zen 4, all modules of a 0.5B model at rank 16 (17.6 MB in BF16, not in any cache): 1.7 ms for one row,
/// 2.9 ms for 8 rows of one adapter, 16 ms for 8 rows of 8, 0.33 ms a row of a long prompt.
/// </summary>
internal sealed unsafe class OutputChanges
{
    // Ranks of one task where there are few rows: 14 KB of A in half precision at a hidden size of 896.
    private const int TaskRanks = 8;

    // Input rows of one task stay in the second-level cache while all matrices pass over them.
    private const int TaskInputBytes = 256 * 1024;

    // Columns and rows of one task of an output: 16 KB of B at rank 16 in half precision, read again for every four rows.
    private const int TaskColumns = 512;
    private const int TaskRows = 64;

    // Multiply-adds that the calling thread does by itself sooner than another one wakes up.
    private const long SmallWork = 16 * 1024;

    private static readonly Comparison<Product> s_byInput = (left, right) => ((nint)left.X.Data).CompareTo((nint)right.X.Data);

    private readonly List<Product> _products = [];
    private readonly List<Output> _outputs = [];
    private readonly List<LoraTerm> _terms = [];
    private readonly List<ShrinkTask> _shrinks = [];
    private readonly List<OutputTask> _tasks = [];

    // Outputs that the tasks of a product change.
    private int _taken;

    /// <summary>How many outputs were begun.</summary>
    public int Count => _outputs.Count;

    /// <summary>Asks for t = x·Aᵀ.</summary>
    /// <param name="a">A, (r, inputs), in a dense encoding.</param>
    /// <param name="x">Rows of inputs.</param>
    /// <param name="shrunk">Receives t, (rows, r).</param>
    public void Shrink(WeightMatrix a, Matrix x, Matrix shrunk) => _products.Add(new Product(a, x, shrunk));

    /// <summary>Begins the changes of some rows of an output.</summary>
    /// <param name="y">The rows, (rows, outputs).</param>
    /// <param name="bias">Added after all terms, one value per output; null adds nothing.</param>
    /// <param name="firstRow">Which row of the product the first one is.</param>
    public void Begin(Matrix y, float* bias, int firstRow = 0) => _outputs.Add(new Output(y, bias, _terms.Count, firstRow));

    /// <summary>Adds a change to the rows begun last; changes apply in this order.</summary>
    public void Add(in LoraTerm term) => _terms.Add(term);

    /// <summary>Computes everything gathered and forgets it.</summary>
    public void Run(WorkerPool pool)
    {
        RunShrinks(pool);
        RunOutputs(pool);
    }

    /// <summary>Computes what was asked for by <see cref="Shrink"/>.</summary>
    public void RunShrinks(WorkerPool pool)
    {
        if (_products.Count > 0)
        {
            var isSmall = SplitProducts() < SmallWork;
            var shrinks = new ShrinkTasks(this, _shrinks.Count);
            pool.Run(ref shrinks, shrinks.Count, isSmall);
        }
    }

    /// <summary>What was asked for by <see cref="Shrink"/>, for a dispatch that is due anyway.</summary>
    public ShrinkTasks TakeShrinks()
    {
        SplitProducts();
        return new ShrinkTasks(this, _shrinks.Count);
    }

    /// <summary>Changes the outputs that were not taken and forgets everything.</summary>
    public void RunOutputs(WorkerPool pool)
    {
        if (_outputs.Count > _taken)
        {
            var isSmall = SplitOutputs() < SmallWork;
            var change = new OutputJob(this);
            pool.Run(ref change, _tasks.Count, isSmall);
        }

        Clear();
    }

    /// <summary>Leaves outputs to the tasks of the product that writes them. They are taken in order: after a gap nothing is.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="end">The one after the last.</param>
    public TileChanges Take(int first, int end)
    {
        if (first != _taken)
        {
            return default;
        }

        _taken = end;
        return new TileChanges(this, first, end);
    }

    /// <summary>Forgets what was gathered, because the pass that gathered it has failed.</summary>
    public void Clear()
    {
        _products.Clear();
        _outputs.Clear();
        _terms.Clear();
        _shrinks.Clear();
        _tasks.Clear();
        _taken = 0;
    }

    /// <summary>Changes a tile of a product: its rows and columns are those of the product.</summary>
    public void ChangeTile<TSimd, TVector>(int first, int end, in LoraTile tile)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (var i = first; i < end; i++)
        {
            var offset = _outputs[i].FirstRow;
            var from = Math.Max(tile.FirstRow, offset);
            var to = Math.Min(tile.FirstRow + tile.RowCount, offset + _outputs[i].Y.Rows);
            if (from < to)
            {
                Change<TSimd, TVector>(new OutputTask(i, tile with { FirstRow = from - offset, RowCount = to - from }));
            }
        }
    }

    // Products of the same rows come one after the other. Many rows are split into tiles that all their products pass over, few
    // rows by ranks: never by inputs, which would change the order of a sum.
    private long SplitProducts()
    {
        _products.Sort(s_byInput);
        var work = 0L;
        for (var first = 0; first < _products.Count;)
        {
            var x = _products[first].X;
            var end = first + 1;
            while (end < _products.Count && _products[end].X.Data == x.Data && _products[end].X.Rows == x.Rows)
            {
                end++;
            }

            var tileRows = Math.Clamp(TaskInputBytes / sizeof(float) / x.Columns & ~3, 4, TaskRows);
            for (var row = 0; row < x.Rows; row += tileRows)
            {
                SplitProducts(first, end, row, Math.Min(tileRows, x.Rows - row), isWhole: x.Rows > 4 * tileRows);
            }

            for (; first < end; first++)
            {
                work += (long)x.Rows * x.Columns * _products[first].A.Rows;
            }
        }

        return work;
    }

    private void SplitProducts(int first, int end, int row, int rowCount, bool isWhole)
    {
        if (isWhole)
        {
            _shrinks.Add(new ShrinkTask(first, end, row, rowCount, 0, int.MaxValue));
            return;
        }

        for (var product = first; product < end; product++)
        {
            var ranks = _products[product].A.Rows;
            for (var rank = 0; rank < ranks; rank += TaskRanks)
            {
                _shrinks.Add(new ShrinkTask(product, product + 1, row, rowCount, rank, Math.Min(TaskRanks, ranks - rank)));
            }
        }
    }

    private long SplitOutputs()
    {
        var work = 0L;
        for (var output = _taken; output < _outputs.Count; output++)
        {
            var y = _outputs[output].Y;
            for (var row = 0; row < y.Rows; row += TaskRows)
            {
                for (var column = 0; column < y.Columns; column += TaskColumns)
                {
                    var tile = new LoraTile(row, Math.Min(TaskRows, y.Rows - row), column, Math.Min(y.Columns, column + TaskColumns));
                    _tasks.Add(new OutputTask(output, tile));
                }
            }

            work += (long)y.Rows * y.Columns;
            for (var term = _outputs[output].FirstTerm; term < EndTerm(output); term++)
            {
                work += (long)y.Rows * y.Columns * _terms[term].Expand.Rows;
            }
        }

        return work;
    }

    private int EndTerm(int output) => output + 1 < _outputs.Count ? _outputs[output + 1].FirstTerm : _terms.Count;

    private void Shrink<TSimd, TVector>(in ShrinkTask task)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (var i = task.FirstProduct; i < task.EndProduct; i++)
        {
            var product = _products[i];
            ShrinkLora.Multiply<TSimd, TVector>(
                product.A,
                task.FirstRank,
                Math.Min(task.RankCount, product.A.Rows),
                product.X.Slice(task.FirstRow, task.RowCount),
                product.Shrunk.Slice(task.FirstRow, task.RowCount));
        }
    }

    private void Change<TSimd, TVector>(in OutputTask task)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var output = _outputs[task.Output];
        var end = EndTerm(task.Output);
        for (var term = output.FirstTerm; term < end; term++)
        {
            AddLoraDelta.Run<TSimd, TVector>(_terms[term], output.Y, task.Tile);
        }

        if (output.Bias is not null)
        {
            var columns = task.Tile.EndColumn - task.Tile.FirstColumn;
            var bias = new AddBias(output.Bias + task.Tile.FirstColumn, output.Y.SliceColumns(task.Tile.FirstColumn, columns));
            for (var row = task.Tile.FirstRow; row < task.Tile.FirstRow + task.Tile.RowCount; row++)
            {
                bias.Apply<TSimd, TVector>(row);
            }
        }
    }

    private readonly struct Product(WeightMatrix a, Matrix x, Matrix shrunk)
    {
        public readonly WeightMatrix A = a;
        public readonly Matrix X = x;
        public readonly Matrix Shrunk = shrunk;
    }

    private readonly struct Output(Matrix y, float* bias, int firstTerm, int firstRow)
    {
        public readonly Matrix Y = y;
        public readonly float* Bias = bias;
        public readonly int FirstTerm = firstTerm;
        public readonly int FirstRow = firstRow;
    }

    private readonly record struct ShrinkTask(int FirstProduct, int EndProduct, int FirstRow, int RowCount, int FirstRank, int RankCount);

    private readonly record struct OutputTask(int Output, LoraTile Tile);

    /// <summary>The tasks of all shrinks.</summary>
    internal readonly struct ShrinkTasks(OutputChanges changes, int count) : IParallelJob
    {
        public int Count => count;

        public void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged => changes.Shrink<TSimd, TVector>(changes._shrinks[task]);
    }

    private readonly struct OutputJob(OutputChanges changes) : IParallelJob
    {
        public void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged => changes.Change<TSimd, TVector>(changes._tasks[task]);
    }
}
