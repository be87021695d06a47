using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// A weight matrix (rows = outputs, columns = inputs) in panels of 16 outputs; the last panel is filled up with zeros. A view
/// into memory that lives longer (the mapped cache) or the owner of its buffer.
/// </summary>
/// <param name="encoding">What its panels hold.</param>
/// <param name="rows">Outputs.</param>
/// <param name="columns">Inputs; a whole number of groups.</param>
/// <param name="data">First byte, on a cache line.</param>
/// <param name="owned">The buffer that <paramref name="data"/> lies in, if this matrix is to dispose it.</param>
internal sealed unsafe class PackedMatrix(PackedEncoding encoding, int rows, int columns, byte* data, NativeBuffer? owned = null) : IDisposable
{
    public PackedEncoding Encoding => encoding;

    public int Rows => rows;

    public int Columns => columns;

    public int Groups { get; } = columns / encoding.GroupValues();

    public int PanelCount => PanelsOf(rows);

    /// <summary>Bytes from one panel to the next.</summary>
    public long PanelBytes { get; } = encoding.PanelBytes(columns);

    /// <summary>Bytes of the codes of a panel, behind which its scales are.</summary>
    public long CodeBytes { get; } = encoding.CodeBytes(columns);

    /// <summary>Bytes of all panels.</summary>
    public long ByteLength => PanelCount * PanelBytes;

    /// <summary>First byte of the first panel.</summary>
    public byte* Data => data;

    /// <summary>Bytes that a matrix of this shape takes.</summary>
    public static long ByteLengthOf(PackedEncoding encoding, int rows, int columns) => PanelsOf(rows) * encoding.PanelBytes(columns);

    public byte* Panel(int panel) => data + (panel * PanelBytes);

    public void Dispose() => owned?.Dispose();

    private static int PanelsOf(int rows) => (rows + PackedEncodingFacts.PanelRows - 1) / PackedEncodingFacts.PanelRows;
}
