using Patchbay.Engine.Kernels.Emitted;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// y = x·Wᵀ for packed weights: activations are quantised once, then panels of 16 outputs are shared out to the workers. Every
/// result is summed by one kernel call in one order, so neither the number of rows nor that of workers changes its bits.
/// </summary>
internal static unsafe class PackedMatMul
{
    // Tasks at least, where there are as many panels: one that a busy processor holds up is a small part.
    private const int TasksPerWorker = 8;

    // Weights of one task where each is used once: enough to be worth a claim, few enough to balance.
    private const long TaskBytes = 128 * 1024;

    // Activations of one pass over the weights of a task: they stay in the second-level cache beside a panel.
    private const int BlockBytes = 256 * 1024;

    // From this many rows on a task is long, so that fewer are enough, and as wide as changes of its tile are fast: 64 outputs.
    private const int ManyRows = 16;
    private const int WidePanels = 4;

    public static void Run(WorkerPool pool, PackedMatrix weight, Matrix x, Matrix y, TileChanges changes = default) =>
        Run(pool, PackedPaths.For(pool.Path), weight, x, y, changes);

    /// <summary>The same on a given path.</summary>
    public static void Run(WorkerPool pool, PackedPath path, PackedMatrix weight, Matrix x, Matrix y, TileChanges changes = default)
    {
        var products = default(PackedProducts);
        products[0] = new PackedProduct(weight, y, changes);
        Run(pool, path, products, 1, x);
    }

    /// <summary>Several products of the same rows in one dispatch.</summary>
    /// <param name="pool">The workers.</param>
    /// <param name="path">A supported one.</param>
    /// <param name="products">Weights of one encoding and where their results go.</param>
    /// <param name="count">How many products.</param>
    /// <param name="x">(rows, inputs).</param>
    /// <param name="beside">Shrinks to do in the same dispatch.</param>
    public static void Run(WorkerPool pool, PackedPath path, in PackedProducts products, int count, Matrix x, OutputChanges.ShrinkTasks beside = default)
    {
        var encoding = products[0].Weight.Encoding;
        var rows = new QuantisedRows(pool.Shared(QuantisedRows.ByteLength(x.Rows, x.Columns, encoding)), x.Rows, x.Columns, PackedPaths.TileRows(path), encoding);
        rows.Fill(pool, x);
        var takesWhole = encoding.LowBits() > 0 && PackedPaths.TakesWholeCodes(path) && rows.TileCount >= WholeCodes.LeastTiles;
        if (takesWhole)
        {
            pool.ReserveScratch(WholeCodes.ByteLength(x.Columns));
        }

        var all = 0;
        for (var i = 0; i < count; i++)
        {
            all += products[i].Weight.PanelCount;
        }

        var panels = PanelsOfTask(all / pool.WorkerCount, x.Rows, products[0].Weight.PanelBytes);
        var job = new Job(products, rows, PackedPaths.KernelOf(path, encoding, takesWhole), panels, takesWhole);
        var tasks = 0;
        for (var i = 0; i < count; i++)
        {
            tasks += job.TasksOf(i);
        }

        var joined = new JoinedJob<Job, OutputChanges.ShrinkTasks>(job, tasks, beside);
        pool.Run(ref joined, tasks + beside.Count);
    }

    private static int PanelsOfTask(int panelsOfWorker, int rows, long panelBytes)
    {
        if (rows >= ManyRows && panelsOfWorker >= WidePanels)
        {
            return WidePanels;
        }

        return (int)Math.Clamp(TaskBytes / panelBytes, 1, Math.Max(1, panelsOfWorker / TasksPerWorker));
    }

    private readonly struct Job(in PackedProducts products, QuantisedRows rows, TileKernel kernel, int taskPanels, bool takesWhole) : IParallelJob
    {
        private readonly PackedProducts _products = products;
        private readonly QuantisedRows _rows = rows;
        private readonly TileKernel _kernel = kernel;

        public int TasksOf(int product) => (_products[product].Weight.PanelCount + taskPanels - 1) / taskPanels;

        public void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var index = 0;
            for (; task >= TasksOf(index); index++)
            {
                task -= TasksOf(index);
            }

            ref readonly var product = ref _products[index];
            var first = task * taskPanels;
            var last = Math.Min(product.Weight.PanelCount, first + taskPanels);
            var blockTiles = Math.Max(1, BlockBytes / product.Weight.Columns / _rows.TileHeight);
            for (var tile = 0; tile < _rows.TileCount; tile += blockTiles)
            {
                var endTile = Math.Min(_rows.TileCount, tile + blockTiles);
                for (var panel = first; panel < last; panel++)
                {
                    Multiply(product.Weight, product.Y, panel, tile, endTile, scratch);
                }

                product.Changes.Apply<TSimd, TVector>(TileOf(product.Y, tile, endTile, first, last));
            }
        }

        private LoraTile TileOf(Matrix y, int tile, int endTile, int panel, int endPanel)
        {
            var firstRow = _rows.Tile(tile).First;
            var (lastRow, count) = _rows.Tile(endTile - 1);
            return new LoraTile(
                firstRow, lastRow + count - firstRow, panel * PackedEncodingFacts.PanelRows, Math.Min(y.Columns, endPanel * PackedEncodingFacts.PanelRows));
        }

        /// <summary>One panel times some tiles.</summary>
        private void Multiply(PackedMatrix weight, Matrix y, int panel, int firstTile, int lastTile, byte* scratch)
        {
            var arguments = default(TileArguments);
            arguments.Codes = weight.Panel(panel);
            arguments.Scales = arguments.Codes + weight.CodeBytes;
            if (takesWhole)
            {
                WholeCodes.Write(weight.Encoding, arguments.Codes, weight.Groups, scratch);
                arguments.Codes = scratch;
            }

            var column = panel * PackedEncodingFacts.PanelRows;
            for (var tile = firstTile; tile < lastTile; tile++)
            {
                _rows.Select(tile, &arguments);
                if (column + PackedEncodingFacts.PanelRows <= y.Columns)
                {
                    arguments.Output = y.Row(_rows.Tile(tile).First) + column;
                    arguments.OutputStride = y.Stride * sizeof(float);
                    _kernel.Run(&arguments);
                }
                else
                {
                    MultiplyPart(y, &arguments, _rows.Tile(tile).First, column);
                }
            }
        }

        // The last panel may have outputs that do not exist.
        private void MultiplyPart(Matrix y, TileArguments* arguments, int firstRow, int column)
        {
            var results = stackalloc float[PackedEncodingFacts.PanelRows * Vnni512Program.TileRows];
            arguments->Output = results;
            arguments->OutputStride = PackedEncodingFacts.PanelRows * sizeof(float);
            _kernel.Run(arguments);
            for (var row = 0; row < (int)arguments->Rows; row++)
            {
                new ReadOnlySpan<float>(results + (row * PackedEncodingFacts.PanelRows), y.Columns - column).CopyTo(y.RowSpan(firstRow + row)[column..]);
            }
        }
    }
}
