namespace Patchbay.Engine.Tensors;

/// <summary>
/// A named tensor inside memory that somebody else owns (a mapped file, a buffer). Row-major: the last dimension is
/// contiguous.
/// </summary>
/// <param name="Name">The name in its file.</param>
/// <param name="Type">How values are encoded.</param>
/// <param name="Shape">Dimensions, outermost first; empty for a scalar.</param>
/// <param name="Data">First byte.</param>
/// <param name="ByteLength">Bytes from <paramref name="Data"/> on.</param>
internal sealed unsafe record TensorView(string Name, ElementType Type, long[] Shape, nint Data, long ByteLength)
{
    public byte* Pointer => (byte*)Data;

    public long Count => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>Shape as it is written in messages: <c>[48, 64]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
