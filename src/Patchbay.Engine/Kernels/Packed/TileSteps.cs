namespace Patchbay.Engine.Kernels.Packed;

/// <summary>A tile in steps of four rows, and of one row for those that are left, over as many outputs of the panel as a step computes.</summary>
internal static unsafe class TileSteps
{
    /// <param name="tile">The whole tile.</param>
    /// <param name="outputs">Outputs of a step.</param>
    /// <param name="four">Takes the tile, and the first output and row of a step.</param>
    /// <param name="one">The same for one row.</param>
    public static void Run(TileArguments* tile, int outputs, delegate*<TileArguments*, int, int, void> four, delegate*<TileArguments*, int, int, void> one)
    {
        for (var column = 0; column < PackedEncodingFacts.PanelRows; column += outputs)
        {
            var row = 0;
            for (; row <= (int)tile->Rows - 4; row += 4)
            {
                four(tile, column, row);
            }

            for (; row < (int)tile->Rows; row++)
            {
                one(tile, column, row);
            }
        }
    }
}
