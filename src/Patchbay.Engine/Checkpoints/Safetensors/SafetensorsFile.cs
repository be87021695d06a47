using System.Text;
using System.Text.Json;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Checkpoints.Safetensors;

/// <summary>
/// One safetensors file: eight bytes of header length, a JSON header of names, types, shapes and offsets, then data.
/// Reads by the rules of the reference implementation (github.com/huggingface/safetensors, <c>tensor.rs</c>) and
/// refuses what it refuses, and duplicate names besides. Nothing is allocated for a tensor before its place is checked.
/// </summary>
internal sealed unsafe class SafetensorsFile : IDisposable
{
    private const int LengthBytes = 8;
    private const long MaxHeaderBytes = 100_000_000;
    private const int MaxTensors = 200_000;
    private const int MaxNameLength = 512;
    private const int MaxDimensions = 8;

    private readonly IDisposable? _owner;

    private SafetensorsFile(Dictionary<string, TensorView> tensors, Dictionary<string, string> metadata, IDisposable? owner)
    {
        Tensors = tensors;
        Metadata = metadata;
        _owner = owner;
    }

    public IReadOnlyDictionary<string, TensorView> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Maps a file. Messages name it by its file name alone.</summary>
    /// <exception cref="InvalidDataException">The file breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = MappedFile.Open(path);
        try
        {
            return Parse(file.Data, file.Length, Path.GetFileName(path), file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a file that is in memory already; its bytes must stay there until <paramref name="owner"/> is disposed.</summary>
    /// <exception cref="InvalidDataException">The file breaks a rule of the format.</exception>
    public static SafetensorsFile Parse(byte* data, long length, string name, IDisposable? owner)
    {
        if (length < LengthBytes)
        {
            throw Invalid(name, $"expected at least {LengthBytes} bytes for the header length, found {length}");
        }

        var headerLength = *(ulong*)data;
        if (headerLength > MaxHeaderBytes)
        {
            throw Invalid(name, $"header length: expected at most {MaxHeaderBytes} bytes, found {headerLength}");
        }

        if (LengthBytes + (long)headerLength > length)
        {
            throw Invalid(name, $"header: {headerLength} bytes are announced, but the file ends after {length - LengthBytes}");
        }

        var dataStart = LengthBytes + (long)headerLength;
        var header = new Header(name, data + dataStart, length - dataStart);
        header.Read(new ReadOnlySpan<byte>(data + LengthBytes, (int)headerLength));
        return new SafetensorsFile(header.Tensors, header.Metadata, owner);
    }

    public void Dispose() => _owner?.Dispose();

    private static InvalidDataException Invalid(string file, string problem) => new($"{file}: {problem}.");

    private sealed class Header(string file, byte* data, long dataLength)
    {
        private readonly List<(string Name, long Begin, long End)> _ranges = [];

        public Dictionary<string, TensorView> Tensors { get; } = [];

        public Dictionary<string, string> Metadata { get; } = [];

        public void Read(ReadOnlySpan<byte> json)
        {
            try
            {
                // Strict UTF-8 first: the JSON reader checks strings only when they are read.
                _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(json);
                var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    throw Invalid(file, $"header: expected a JSON object, found {reader.TokenType}");
                }

                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    ReadEntry(ref reader);
                }

                while (reader.Read())
                {
                }
            }
            catch (Exception exception) when (exception is JsonException or DecoderFallbackException or InvalidOperationException or FormatException)
            {
                var kind = exception is DecoderFallbackException ? "is not UTF-8" : "is not valid JSON";
                throw new InvalidDataException($"{file}: header {kind}.", exception);
            }

            CheckCoverage();
        }

        private void ReadEntry(ref Utf8JsonReader reader)
        {
            var name = reader.GetString()!;
            if (name.Length > MaxNameLength)
            {
                throw Invalid(file, $"tensor name: expected at most {MaxNameLength} characters, found {name.Length}");
            }

            reader.Read();
            if (name == "__metadata__")
            {
                ReadMetadata(ref reader);
                return;
            }

            if (Tensors.ContainsKey(name))
            {
                throw Invalid(file, $"tensor {name} is listed twice");
            }

            if (Tensors.Count == MaxTensors)
            {
                throw Invalid(file, $"expected at most {MaxTensors} tensors");
            }

            ReadTensor(name, ref reader);
        }

        private void ReadMetadata(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw Invalid(file, $"header: __metadata__ expected an object, found {reader.TokenType}");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var key = reader.GetString()!;
                reader.Read();
                if (reader.TokenType != JsonTokenType.String)
                {
                    throw Invalid(file, $"header: __metadata__ entry '{key}' expected a string, found {reader.TokenType}");
                }

                Metadata[key] = reader.GetString()!;
            }
        }

        private void ReadTensor(string name, ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw Invalid(file, $"tensor {name}: expected an object, found {reader.TokenType}");
            }

            string? dtype = null;
            long[]? shape = null;
            long[]? offsets = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var field = reader.GetString();
                reader.Read();
                switch (field)
                {
                    case "dtype" when dtype is null && reader.TokenType == JsonTokenType.String:
                        dtype = reader.GetString();
                        break;
                    case "shape" when shape is null:
                        shape = ReadNumbers(name, "shape", MaxDimensions, ref reader);
                        break;
                    case "data_offsets" when offsets is null:
                        offsets = ReadNumbers(name, "data_offsets", 2, ref reader);
                        break;
                    default:
                        throw Invalid(file, $"tensor {name}: field '{field}' is unknown, repeated or of the wrong type");
                }
            }

            if (dtype is null || shape is null || offsets is not { Length: 2 })
            {
                throw Invalid(file, $"tensor {name}: expected dtype, shape and two data_offsets");
            }

            Add(name, dtype, shape, offsets[0], offsets[1]);
        }

        private long[] ReadNumbers(string name, string field, int most, ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                throw Invalid(file, $"tensor {name}: {field} expected an array, found {reader.TokenType}");
            }

            var numbers = new List<long>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                {
                    throw Invalid(file, $"tensor {name}: {field} expected whole numbers from 0 to 2^63 - 1");
                }

                numbers.Add(number);
                if (numbers.Count > most)
                {
                    throw Invalid(file, $"tensor {name}: {field} expected at most {most} numbers");
                }
            }

            return [.. numbers];
        }

        private void Add(string name, string dtype, long[] shape, long begin, long end)
        {
            if (!TryGetType(dtype, out var type))
            {
                throw Invalid(file, $"tensor {name}: dtype {dtype} is not one that can be read (F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL)");
            }

            long expected = type.Block().Bytes;
            foreach (var dimension in shape)
            {
                if (dimension != 0 && expected > long.MaxValue / dimension)
                {
                    throw Invalid(file, $"tensor {name}: shape [{string.Join(", ", shape)}] has more bytes than can be counted");
                }

                expected *= dimension;
            }

            if (end < begin || end > dataLength)
            {
                throw Invalid(file, $"tensor {name}: data_offsets [{begin}, {end}] do not lie in the {dataLength} bytes of data");
            }

            if (end - begin != expected)
            {
                throw Invalid(file, $"tensor {name}: shape [{string.Join(", ", shape)}] of {dtype} expected {expected} bytes, found {end - begin}");
            }

            _ranges.Add((name, begin, end));
            Tensors.Add(name, new TensorView(name, type, shape, (nint)(data + begin), expected));
        }

        // Every byte of the data belongs to exactly one tensor: no holes to hide things in, no overlaps.
        private void CheckCoverage()
        {
            var position = 0L;
            foreach (var (name, begin, end) in _ranges.OrderBy(range => range.Begin).ThenBy(range => range.End))
            {
                if (begin != position)
                {
                    var problem = begin < position ? "overlap another tensor" : $"leave {begin - position} bytes before them unused";
                    throw Invalid(file, $"tensor {name}: data_offsets [{begin}, {end}] {problem}");
                }

                position = end;
            }

            if (position != dataLength)
            {
                throw Invalid(file, $"expected {position} bytes of data, found {dataLength}");
            }
        }

        private static bool TryGetType(string dtype, out ElementType type)
        {
            (var known, type) = dtype switch
            {
                "F64" => (true, ElementType.F64),
                "F32" => (true, ElementType.F32),
                "F16" => (true, ElementType.F16),
                "BF16" => (true, ElementType.BF16),
                "I64" => (true, ElementType.I64),
                "I32" => (true, ElementType.I32),
                "I16" => (true, ElementType.I16),
                "I8" => (true, ElementType.I8),
                "U64" => (true, ElementType.U64),
                "U32" => (true, ElementType.U32),
                "U16" => (true, ElementType.U16),
                "U8" => (true, ElementType.U8),
                "BOOL" => (true, ElementType.Bool),
                _ => (false, default),
            };
            return known;
        }
    }
}
