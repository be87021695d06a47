using System.Buffers.Binary;

namespace Patchbay.Engine.Checkpoints.Gguf;

/// <summary>
/// One metadata value, still lying in the file: nothing is decoded before it is asked for. Valid as long as the
/// <see cref="GgufFile"/> it came from.
/// </summary>
internal readonly unsafe struct GgufValue
{
    private readonly byte* _data;
    private readonly long _byteLength;

    private GgufValue(string key, GgufValueType type, bool isArray, long count, byte* data, long byteLength)
    {
        Key = key;
        Type = type;
        IsArray = isArray;
        Count = count;
        _data = data;
        _byteLength = byteLength;
    }

    public string Key { get; }

    /// <summary>Of the value, or of each element of an array.</summary>
    public GgufValueType Type { get; }

    public bool IsArray { get; }

    /// <summary>Elements of the array; 1 for a single value.</summary>
    public long Count { get; }

    public string AsString() => GgufReader.Decode(AsUtf8(), $"key '{Key}'");

    /// <summary>The bytes of a string, which need not be valid UTF-8.</summary>
    public ReadOnlySpan<byte> AsUtf8()
    {
        Require(!IsArray && Type == GgufValueType.String, "a string");
        return new ReadOnlySpan<byte>(_data + sizeof(ulong), (int)(_byteLength - sizeof(ulong)));
    }

    public bool AsBoolean()
    {
        Require(!IsArray && Type == GgufValueType.Bool, "a boolean");
        return *_data != 0;
    }

    public long AsInteger()
    {
        Require(!IsArray && IsInteger, "an integer");
        return IntegerAt(0);
    }

    /// <summary>Any number; integers are converted.</summary>
    public double AsNumber()
    {
        Require(!IsArray && IsNumber, "a number");
        return NumberAt(0);
    }

    /// <exception cref="InvalidDataException">It is no array of integers, or one of them does not fit.</exception>
    public int[] ToInt32Array()
    {
        Require(IsArray && IsInteger, "an array of integers");
        var values = new int[Count];
        for (var i = 0; i < values.Length; i++)
        {
            var value = IntegerAt(i);
            values[i] = (int)value == value
                ? (int)value
                : throw new InvalidDataException($"GGUF key '{Key}': expected 32-bit integers, found {value} at index {i}.");
        }

        return values;
    }

    public float[] ToSingleArray()
    {
        Require(IsArray && IsNumber, "an array of numbers");
        var values = new float[Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)NumberAt(i);
        }

        return values;
    }

    public bool[] ToBooleanArray()
    {
        Require(IsArray && Type == GgufValueType.Bool, "an array of booleans");
        var values = new bool[Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = _data[i] != 0;
        }

        return values;
    }

    /// <summary>The UTF-8 bytes of each element, without allocating.</summary>
    public GgufStrings AsStrings()
    {
        Require(IsArray && Type == GgufValueType.String, "an array of strings");
        return new GgufStrings(_data, Count);
    }

    /// <summary>Reads the value at the reader's position; afterwards every length within it is known to lie in the file.</summary>
    public static GgufValue Read(ref GgufReader reader, byte* file, string key)
    {
        var what = $"key '{key}'";
        var type = ReadType(ref reader, what);
        var isArray = type == GgufValueType.Array;
        var count = 1L;
        if (isArray)
        {
            type = ReadType(ref reader, what);
            if (type == GgufValueType.Array)
            {
                throw new InvalidDataException($"GGUF {what}: expected an array of values, found an array of arrays.");
            }

            var element = type.ByteLength();
            count = reader.ReadCount($"{what}, length of the array", element == 0 ? sizeof(ulong) : element);
            if (count > Array.MaxLength)
            {
                throw new InvalidDataException($"GGUF {what}: expected at most {Array.MaxLength} elements, found {count}.");
            }
        }

        var start = reader.Position;
        if (type == GgufValueType.String)
        {
            for (var i = 0L; i < count; i++)
            {
                reader.ReadBytes(what);
            }
        }
        else
        {
            reader.Skip(count * type.ByteLength(), what);
        }

        return new GgufValue(key, type, isArray, count, file + start, reader.Position - start);
    }

    private static GgufValueType ReadType(ref GgufReader reader, string what)
    {
        var type = reader.ReadUInt32(what);
        return type <= (uint)GgufValueType.Float64
            ? (GgufValueType)type
            : throw new InvalidDataException($"GGUF {what}: expected a value type from 0 to {(uint)GgufValueType.Float64}, found {type}.");
    }

    private bool IsInteger => Type is not (GgufValueType.String or GgufValueType.Bool or GgufValueType.Float32 or GgufValueType.Float64);

    private bool IsNumber => Type is not (GgufValueType.String or GgufValueType.Bool);

    private long IntegerAt(long index)
    {
        var bytes = At(index);
        return Type switch
        {
            GgufValueType.UInt8 => bytes[0],
            GgufValueType.Int8 => (sbyte)bytes[0],
            GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufValueType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes) is var value and <= long.MaxValue
                ? (long)value
                : throw new InvalidDataException(
                    $"GGUF key '{Key}': expected an integer below 2^63, found {BinaryPrimitives.ReadUInt64LittleEndian(bytes)}."),
            _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        };
    }

    private double NumberAt(long index) => Type switch
    {
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(At(index)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(At(index)),
        _ => IntegerAt(index),
    };

    private ReadOnlySpan<byte> At(long index) => new(_data + (index * Type.ByteLength()), Type.ByteLength());

    private void Require(bool condition, string expected)
    {
        if (!condition)
        {
            throw new InvalidDataException($"GGUF key '{Key}': expected {expected}, found {(IsArray ? $"an array of {Type}" : Type)}.");
        }
    }
}
