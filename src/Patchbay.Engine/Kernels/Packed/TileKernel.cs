namespace Patchbay.Engine.Kernels.Packed;

/// <summary>A panel times the rows of a tile, on one path, for one encoding: chosen once for many panels.</summary>
internal readonly unsafe struct TileKernel
{
    private readonly delegate*<TileArguments*, void> _compiled;
    private readonly nint* _emitted;

    /// <param name="compiled">One for any number of rows.</param>
    public TileKernel(delegate*<TileArguments*, void> compiled)
    {
        _compiled = compiled;
    }

    /// <param name="emitted">Machine code for one row, two rows and so on.</param>
    public TileKernel(nint* emitted)
    {
        _emitted = emitted;
    }

    /// <summary>Takes microseconds, so that the garbage collector can wait for it.</summary>
    public void Run(TileArguments* tile)
    {
        if (_emitted is not null)
        {
            ((delegate* unmanaged[SuppressGCTransition]<TileArguments*, void>)_emitted[tile->Rows - 1])(tile);
        }
        else
        {
            _compiled(tile);
        }
    }
}
