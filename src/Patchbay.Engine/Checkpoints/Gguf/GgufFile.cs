using System.Numerics;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Checkpoints.Gguf;

/// <summary>
/// A GGUF file (versions 2 and 3, little-endian): metadata values and where each tensor lies. Knows the format, not what
/// any key means. Everything the header says is checked against the length of the file before it is believed.
/// </summary>
internal sealed unsafe class GgufFile : IDisposable
{
    private const uint Magic = 0x46554747; // "GGUF"
    private const string AlignmentKey = "general.alignment";

    private const int LongestKey = ushort.MaxValue; // GGUF specification, "key-value pairs"

    // Key length, one byte of key, type, one byte of value; name length, dimension count, type, offset.
    private const int SmallestPair = 8 + 1 + 4 + 1;
    private const int SmallestTensor = 8 + 4 + 4 + 8;

    private readonly MappedFile? _file;
    private readonly byte* _data;
    private readonly Dictionary<string, GgufValue> _metadata = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GgufTensor> _tensorsByName = new(StringComparer.Ordinal);
    private readonly List<GgufTensor> _tensors = [];

    private GgufFile(MappedFile? file, byte* data, long length)
    {
        _file = file;
        _data = data;
        var reader = new GgufReader(data, length);
        var (tensorCount, pairCount) = ReadHeader(ref reader);
        for (var i = 0L; i < pairCount; i++)
        {
            ReadPair(ref reader, i);
        }

        Alignment = ReadAlignment();
        var layout = new GgufTensorLayout(Alignment);
        for (var i = 0L; i < tensorCount; i++)
        {
            Add(layout.Read(ref reader, i));
        }

        CheckData(reader.Position, length);
    }

    /// <summary>2 or 3.</summary>
    public int Version { get; private set; }

    /// <summary>Every tensor starts at a multiple of this many bytes within the data.</summary>
    public long Alignment { get; }

    public IReadOnlyDictionary<string, GgufValue> Metadata => _metadata;

    /// <summary>In the order of the file; offsets count from its start.</summary>
    public IReadOnlyList<GgufTensor> Tensors => _tensors;

    /// <summary>Maps a file; views into it are valid until it is disposed.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is no valid GGUF file.</exception>
    public static GgufFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            return new GgufFile(file, file.Data, file.Length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a file from memory that the caller keeps alive and in place.</summary>
    /// <exception cref="InvalidDataException">The bytes are no valid GGUF file.</exception>
    public static GgufFile Parse(byte* data, long length) => new(null, data, length);

    public bool TryGetTensor(string name, out GgufTensor? tensor) => _tensorsByName.TryGetValue(name, out tensor);

    /// <summary>The encoded values of a tensor of this file.</summary>
    public byte* DataOf(GgufTensor tensor) => _data + tensor.Offset;

    /// <exception cref="InvalidDataException">The key is missing.</exception>
    public GgufValue Get(string key) => Find(key)
        ?? throw new InvalidDataException($"GGUF key '{key}': expected a value, found no such key.");

    /// <summary>The value, null when the file lacks the key.</summary>
    public GgufValue? Find(string key) => _metadata.TryGetValue(key, out var value) ? value : null;

    public void Dispose() => _file?.Dispose();

    private (long Tensors, long Pairs) ReadHeader(ref GgufReader reader)
    {
        var magic = reader.ReadUInt32("magic");
        if (magic != Magic)
        {
            throw new InvalidDataException($"GGUF magic: expected 0x{Magic:X8} (\"GGUF\"), found 0x{magic:X8}.");
        }

        var version = reader.ReadUInt32("version");
        if (version is not (2 or 3))
        {
            // A big-endian file shows its version in the upper half (gguf.cpp).
            var hint = (version & 0xFFFF) == 0 && version != 0 ? " (a big-endian file?)" : "";
            throw new InvalidDataException($"GGUF version: expected 2 or 3, found {version}{hint}.");
        }

        Version = (int)version;
        var tensors = reader.ReadCount("tensor count", SmallestTensor);
        var pairs = reader.ReadCount("metadata count", SmallestPair);
        return (tensors, pairs);
    }

    private void ReadPair(ref GgufReader reader, long index)
    {
        var name = reader.ReadBytes($"key {index}");
        if (name.Length is 0 or > LongestKey)
        {
            throw new InvalidDataException($"GGUF key {index}: expected a name of 1 to {LongestKey} bytes, found {name.Length} bytes.");
        }

        var key = GgufReader.Decode(name, $"key {index}");
        if (!_metadata.TryAdd(key, GgufValue.Read(ref reader, _data, key)))
        {
            throw new InvalidDataException($"GGUF key '{key}': expected every key once, found it again.");
        }
    }

    private long ReadAlignment()
    {
        if (Find(AlignmentKey) is not { } value)
        {
            return 32;
        }

        if (value.IsArray || value.Type != GgufValueType.UInt32)
        {
            throw new InvalidDataException(
                $"GGUF key '{AlignmentKey}': expected a UInt32, found {(value.IsArray ? "an array" : value.Type)}.");
        }

        var alignment = value.AsInteger();
        return BitOperations.IsPow2(alignment)
            ? alignment
            : throw new InvalidDataException($"GGUF key '{AlignmentKey}': expected a power of two, found {alignment}.");
    }

    private void Add(GgufTensor tensor)
    {
        if (!_tensorsByName.TryAdd(tensor.Name, tensor))
        {
            throw new InvalidDataException($"GGUF tensor '{tensor.Name}': expected every name once, found it again.");
        }

        _tensors.Add(tensor);
    }

    /// <summary>Makes the offsets absolute, once the end of the header says where the data starts.</summary>
    private void CheckData(long headerLength, long length)
    {
        var start = (headerLength + Alignment - 1) & -Alignment;
        for (var i = 0; i < _tensors.Count; i++)
        {
            var tensor = _tensors[i];
            // The running sum was checked for overflow, so only this addition is left to check.
            if (start > length || tensor.Offset > length - start || tensor.ByteLength > length - start - tensor.Offset)
            {
                throw new InvalidDataException(
                    $"GGUF tensor '{tensor.Name}': expected {tensor.ByteLength} bytes at offset {tensor.Offset} of the data, found {Math.Max(0, length - start)} bytes of data.");
            }

            var placed = tensor with { Offset = start + tensor.Offset };
            _tensors[i] = placed;
            _tensorsByName[placed.Name] = placed;
        }
    }
}
