using System.Globalization;

namespace Patchbay.Engine.Checkpoints.Gguf;

/// <summary>
/// Reads tensor descriptions one after the other and checks each against its own type and shape and against the end of the
/// one before it: tensors lie back to back, each padded to the alignment.
/// </summary>
internal sealed class GgufTensorLayout(long alignment)
{
    private const int LongestName = 63; // GGML_MAX_NAME is 64 with the terminating zero.
    private const int MostDimensions = 4;

    private long _end;

    /// <summary>The next description; its offset counts from the start of the data.</summary>
    public GgufTensor Read(ref GgufReader reader, long index)
    {
        var nameBytes = reader.ReadBytes($"tensor {index}, name");
        if (nameBytes.Length > LongestName)
        {
            throw new InvalidDataException($"GGUF tensor {index}, name: expected at most {LongestName} bytes, found {nameBytes.Length}.");
        }

        var name = GgufReader.Decode(nameBytes, $"tensor {index}, name");
        var what = $"tensor '{name}'";
        var shape = ReadShape(ref reader, what);
        var id = reader.ReadUInt32(what);
        var type = GgmlType.Find(id)
            ?? throw new InvalidDataException($"GGUF {what}: expected a known tensor type, found number {id}.");
        var length = ByteLength(what, type, shape);
        var offset = reader.ReadUInt64(what);
        if (offset != (ulong)_end)
        {
            throw new InvalidDataException($"GGUF {what}: expected offset {_end} (where the tensor before it ends), found {offset}.");
        }

        var tensor = new GgufTensor(name, type, shape, _end, length);
        _end = PaddedEnd(what, length);
        return tensor;
    }

    private static long[] ReadShape(ref GgufReader reader, string what)
    {
        var dimensions = reader.ReadUInt32(what);
        if (dimensions > MostDimensions)
        {
            throw new InvalidDataException($"GGUF {what}: expected at most {MostDimensions} dimensions, found {dimensions}.");
        }

        var shape = new long[dimensions];
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            shape[i] = (long)reader.ReadUInt64(what);
            if (shape[i] < 0)
            {
                throw new InvalidDataException($"GGUF {what}: expected a dimension of at least 0, found {shape[i]}.");
            }
        }

        return shape;
    }

    private static long ByteLength(string what, GgmlType type, long[] shape)
    {
        var row = shape.Length == 0 ? 1 : shape[^1];
        if (row % type.BlockValues != 0)
        {
            throw new InvalidDataException(
                $"GGUF {what}: expected rows of a multiple of {type.BlockValues} values ({type.Name}), found rows of {row}.");
        }

        try
        {
            // A zero elsewhere must not hide an overflow, hence the product of what is at least 1.
            var values = shape.Aggregate(1L, (product, n) => checked(product * Math.Max(1, n)));
            _ = checked(values * type.BlockBytes);
            return shape.Contains(0) ? 0 : checked(values / type.BlockValues * type.BlockBytes);
        }
        catch (OverflowException)
        {
            var text = string.Join(", ", shape.Select(n => n.ToString(CultureInfo.InvariantCulture)));
            throw new InvalidDataException($"GGUF {what}: expected a size below 2^63 bytes, found shape [{text}] of {type.Name}.");
        }
    }

    private long PaddedEnd(string what, long length)
    {
        try
        {
            return checked((_end + length + alignment - 1) & -alignment);
        }
        catch (OverflowException)
        {
            throw new InvalidDataException(
                $"GGUF {what}: expected all tensors to end below 2^63 bytes, found {length} bytes after {_end}.");
        }
    }
}
