using System.Runtime.CompilerServices;

namespace Patchbay.Engine.Tensors;

/// <summary>Float32 activations of shape (rows, columns) in memory of the step: a view, owned by nobody.</summary>
/// <param name="data">First value.</param>
/// <param name="rows">Number of rows (tokens).</param>
/// <param name="columns">Values per row.</param>
/// <param name="stride">Values from one row to the next.</param>
internal readonly unsafe struct Matrix(float* data, int rows, int columns, int stride)
{
    public readonly float* Data = data;
    public readonly int Rows = rows;
    public readonly int Columns = columns;
    public readonly int Stride = stride;

    public Matrix(float* data, int rows, int columns)
        : this(data, rows, columns, columns)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Row(int row) => Data + (nint)row * Stride;

    public Span<float> RowSpan(int row) => new(Row(row), Columns);

    /// <summary>Copies all values to a matrix of the same shape.</summary>
    public void CopyTo(Matrix target)
    {
        for (var row = 0; row < Rows; row++)
        {
            RowSpan(row).CopyTo(target.RowSpan(row));
        }
    }

    /// <summary>Rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/>.</summary>
    public Matrix Slice(int first, int count) => new(Row(first), count, Columns, Stride);

    /// <summary>Columns <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> of every row.</summary>
    public Matrix SliceColumns(int first, int count) => new(Data + first, Rows, count, Stride);
}
