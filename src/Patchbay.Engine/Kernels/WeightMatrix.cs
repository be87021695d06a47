using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// A weight matrix of shape (rows = outputs, columns = inputs) as it is stored: row after row, each a whole number of blocks.
/// Either a view into memory that lives longer (a mapped checkpoint) or the owner of its buffer.
/// </summary>
internal sealed unsafe class WeightMatrix : IDisposable
{
    private readonly NativeBuffer? _owned;

    /// <param name="type">How values are encoded.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs; a multiple of the encoding's block.</param>
    /// <param name="data">First byte of the first row.</param>
    /// <param name="owned">The buffer that <paramref name="data"/> lies in, if this matrix is to dispose it.</param>
    public WeightMatrix(ElementType type, int rows, int columns, byte* data, NativeBuffer? owned = null)
    {
        var (values, bytes) = type.Block();
        if (columns % values != 0)
        {
            throw new ArgumentException($"{columns} columns are not a multiple of the {values} values in a block of {type}.", nameof(columns));
        }

        Type = type;
        Rows = rows;
        Columns = columns;
        RowBytes = columns / values * bytes;
        Data = data;
        _owned = owned;
    }

    public ElementType Type { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public int RowBytes { get; }

    public byte* Data { get; }

    /// <summary>
    /// The same weights packed for integer kernels, which <see cref="MatMul"/> then computes with; its owner is who set it. Rows are
    /// still decoded from what was stored: look-ups, norms of DoRA.
    /// </summary>
    public PackedMatrix? Packed { get; set; }

    /// <summary>Bytes of all rows.</summary>
    public long ByteLength => (long)Rows * RowBytes;

    /// <summary>A float32 matrix with memory of its own.</summary>
    public static WeightMatrix Allocate(int rows, int columns)
    {
        var buffer = NativeBuffer.Of<float>((long)rows * columns);
        return new WeightMatrix(ElementType.F32, rows, columns, buffer.Data, buffer);
    }

    public byte* Row(int row) => Data + (nint)row * RowBytes;

    /// <summary>A view of some rows; it must not outlive this matrix.</summary>
    public WeightMatrix Slice(int first, int count) => new(Type, count, Columns, Row(first));

    public void Dispose() => _owned?.Dispose();
}
