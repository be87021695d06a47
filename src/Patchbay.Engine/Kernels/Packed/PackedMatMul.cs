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

    public static void Run(WorkerPool pool, PackedMatrix weight, Matrix x, Matrix y) => Run(pool, PackedPaths.For(pool.Path), weight, x, y);

    /// <summary>The same on a given path.</summary>
    public static void Run(WorkerPool pool, PackedPath path, PackedMatrix weight, Matrix x, Matrix y)
    {
        var rows = new QuantisedRows(pool.Shared(QuantisedRows.ByteLength(x.Rows, x.Columns)), x.Rows, x.Columns, TileRows(path));
        rows.Fill(pool, x, weight.Encoding);

        var balanced = Math.Max(1, weight.PanelCount / (TasksPerWorker * pool.WorkerCount));
        var panels = (int)Math.Clamp(TaskBytes / weight.PanelBytes, 1, balanced);
        var job = new Job(weight, rows, y, path, panels);
        pool.Run(ref job, (weight.PanelCount + panels - 1) / panels);
    }

    private static int TileRows(PackedPath path) => path == PackedPath.Emitted ? EmittedTiles.TileRows : 4;

    private readonly struct Job(PackedMatrix weight, QuantisedRows rows, Matrix y, PackedPath path, int taskPanels) : IParallelJob
    {
        private readonly QuantisedRows _rows = rows;
        private readonly Matrix _y = y;

        public void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var last = Math.Min(weight.PanelCount, (task + 1) * taskPanels);
            var blockTiles = Math.Max(1, BlockBytes / weight.Columns / TileRows(path));
            for (var tile = 0; tile < _rows.TileCount; tile += blockTiles)
            {
                for (var panel = task * taskPanels; panel < last; panel++)
                {
                    Multiply(panel, tile, Math.Min(_rows.TileCount, tile + blockTiles));
                }
            }
        }

        /// <summary>One panel times some tiles.</summary>
        private void Multiply(int panel, int firstTile, int lastTile)
        {
            var arguments = default(TileArguments);
            arguments.Codes = weight.Panel(panel);
            arguments.Scales = arguments.Codes + weight.Encoding.CodeBytes(weight.Columns);
            var column = panel * PackedEncodingFacts.PanelRows;
            for (var tile = firstTile; tile < lastTile; tile++)
            {
                _rows.Select(tile, &arguments);
                if (column + PackedEncodingFacts.PanelRows <= _y.Columns)
                {
                    arguments.Output = _y.Row(_rows.Tile(tile).First) + column;
                    arguments.OutputStride = _y.Stride * sizeof(float);
                    PackedPaths.Multiply(path, weight.Encoding, &arguments);
                }
                else
                {
                    MultiplyPart(&arguments, _rows.Tile(tile).First, column);
                }
            }
        }

        // The last panel may have outputs that do not exist.
        private void MultiplyPart(TileArguments* arguments, int firstRow, int column)
        {
            var results = stackalloc float[PackedEncodingFacts.PanelRows * EmittedTiles.TileRows];
            arguments->Output = results;
            arguments->OutputStride = PackedEncodingFacts.PanelRows * sizeof(float);
            PackedPaths.Multiply(path, weight.Encoding, arguments);
            for (var row = 0; row < (int)arguments->Rows; row++)
            {
                new ReadOnlySpan<float>(results + (row * PackedEncodingFacts.PanelRows), _y.Columns - column).CopyTo(_y.RowSpan(firstRow + row)[column..]);
            }
        }
    }
}
