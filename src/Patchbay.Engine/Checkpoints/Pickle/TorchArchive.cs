using System.Buffers.Binary;
using System.Text;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Checkpoints.Pickle;

/// <summary>
/// The tensors of a file of <c>torch.save</c> (PyTorch 1.6 and later): an uncompressed zip archive with a pickle that names them
/// and one entry for each storage. They stay where they are; only their places are read.
/// </summary>
internal static unsafe class TorchArchive
{
    private const int MaxEntries = 100_000;
    private const int EndLength = 22;
    private const uint EndSignature = 0x06054b50;
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;

    /// <summary>Reads a file that is in memory already; its bytes must outlive the tensors.</summary>
    /// <exception cref="InvalidDataException">The file is no such archive, is broken, or holds more than tensors.</exception>
    public static IReadOnlyDictionary<string, TensorView> Parse(byte* data, long length, string file)
    {
        if (length > int.MaxValue)
        {
            throw Invalid(file, "files of more than 2 GB are not read; save it as adapter_model.safetensors");
        }

        var bytes = new ReadOnlySpan<byte>(data, (int)length);
        var entries = ReadEntries(bytes, file);
        var pickle = entries.Keys.Where(name => name.EndsWith("/data.pkl", StringComparison.Ordinal)).Order(StringComparer.Ordinal).FirstOrDefault()
            ?? throw Invalid(file, "the archive has no data.pkl");
        var folder = pickle[..^"data.pkl".Length];
        if (entries.TryGetValue($"{folder}byteorder", out var order) && !bytes[order].SequenceEqual("little"u8))
        {
            throw Invalid(file, "byteorder: expected little");
        }

        var root = new PickleReader(bytes[entries[pickle]], file).Read() as PickleDictionary
            ?? throw Invalid(file, "expected a dictionary of tensors");
        var tensors = new Dictionary<string, TensorView>(StringComparer.Ordinal);
        foreach (var (key, value) in root.Entries)
        {
            if (key is not PickleText name || value is not PickleTensor tensor)
            {
                throw Invalid(file, $"expected tensors by name, found {value.GetType().Name["Pickle".Length..].ToLowerInvariant()}");
            }

            if (!tensors.TryAdd(name.Value, View(name.Value, tensor, data, entries, folder, file)))
            {
                throw Invalid(file, $"tensor {name.Value} is listed twice");
            }
        }

        return tensors;
    }

    private static TensorView View(
        string name, PickleTensor tensor, byte* data, Dictionary<string, Range> entries, string folder, string file)
    {
        if (!entries.TryGetValue($"{folder}data/{tensor.Storage.Key}", out var range))
        {
            throw Invalid(file, $"tensor {name}: the archive has no storage {tensor.Storage.Key}");
        }

        var size = tensor.Storage.Type.Block().Bytes;
        var available = (range.End.Value - range.Start.Value) / size;
        var count = 1L;
        for (var i = tensor.Shape.Length - 1; i >= 0; i--)
        {
            if (tensor.Strides.Length != tensor.Shape.Length || (tensor.Shape[i] > 1 && tensor.Strides[i] != count))
            {
                throw Invalid(file, $"tensor {name}: expected values in the order of the rows, found a transposed or strided view");
            }

            count = tensor.Shape[i] == 0 ? 0 : count <= available / tensor.Shape[i] ? count * tensor.Shape[i] : long.MaxValue;
            if (count > available)
            {
                break;
            }
        }

        return count <= available && tensor.Offset <= available - count
            ? new TensorView(name, tensor.Storage.Type, tensor.Shape, (nint)(data + range.Start.Value + (tensor.Offset * size)), count * size)
            : throw Invalid(file, $"tensor {name}: shape [{string.Join(", ", tensor.Shape)}] reaches beyond its storage of {available} values");
    }

    private static Dictionary<string, Range> ReadEntries(ReadOnlySpan<byte> bytes, string file)
    {
        var end = FindEnd(bytes, file);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[(end + 10)..]);
        var position = (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes[(end + 16)..]);
        var entries = new Dictionary<string, Range>(StringComparer.Ordinal);
        for (var i = 0; i < Math.Min((int)count, MaxEntries); i++)
        {
            var header = Slice(bytes, position, 46, file);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != EntrySignature)
            {
                throw Invalid(file, "the archive's list of entries is broken");
            }

            var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
            var name = Encoding.UTF8.GetString(Slice(bytes, position + 46, nameLength, file));
            if (!entries.TryAdd(name, ReadEntry(bytes, header, name, file)))
            {
                throw Invalid(file, $"entry {name} is listed twice");
            }

            position += 46 + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(header[30..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[32..]);
        }

        return entries;
    }

    private static Range ReadEntry(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> header, string name, string file)
    {
        var size = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[10..]) != 0 || size != BinaryPrimitives.ReadUInt32LittleEndian(header[24..]))
        {
            throw Invalid(file, $"entry {name}: expected an uncompressed entry, as PyTorch writes them");
        }

        var start = (long)BinaryPrimitives.ReadUInt32LittleEndian(header[42..]);
        var local = Slice(bytes, start, 30, file);
        if (BinaryPrimitives.ReadUInt32LittleEndian(local) != LocalSignature)
        {
            throw Invalid(file, $"entry {name} is broken");
        }

        start += 30 + BinaryPrimitives.ReadUInt16LittleEndian(local[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        _ = Slice(bytes, start, size, file);
        return new Range((int)start, (int)(start + size));
    }

    private static int FindEnd(ReadOnlySpan<byte> bytes, string file)
    {
        // The end record is followed by a comment of at most 65,535 bytes.
        for (var end = bytes.Length - EndLength; end >= 0 && end >= bytes.Length - EndLength - ushort.MaxValue; end--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[end..]) == EndSignature)
            {
                return end;
            }
        }

        throw Invalid(file, "expected a zip archive of torch.save, found a bare pickle or something else, which is not read because a pickle can run code; save it as adapter_model.safetensors");
    }

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> bytes, long start, long length, string file) =>
        start >= 0 && length >= 0 && start <= bytes.Length - length
            ? bytes.Slice((int)start, (int)length)
            : throw Invalid(file, "an entry of the archive lies outside of the file");

    private static InvalidDataException Invalid(string file, string problem) => new($"{file}: {problem}.");
}
