using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Patchbay.Engine.Checkpoints.Safetensors;

/// <summary>Writes a safetensors file: tensors sorted by name, the header padded with spaces to a multiple of eight bytes.</summary>
public sealed class SafetensorsWriter
{
    private readonly SortedDictionary<string, (string Type, int[] Shape, byte[] Data)> _tensors = new(StringComparer.Ordinal);

    /// <summary>Adds a float32 tensor.</summary>
    public void Add(string name, int[] shape, ReadOnlySpan<float> values) =>
        _tensors.Add(name, ("F32", shape, MemoryMarshal.AsBytes(values).ToArray()));

    /// <summary>Adds an int32 tensor.</summary>
    public void Add(string name, int[] shape, ReadOnlySpan<int> values) =>
        _tensors.Add(name, ("I32", shape, MemoryMarshal.AsBytes(values).ToArray()));

    /// <summary>Writes header and data.</summary>
    public void Write(Stream stream)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            var offset = 0L;
            foreach (var (name, (type, shape, data)) in _tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype"u8, type);
                json.WriteStartArray("shape"u8);
                foreach (var dimension in shape)
                {
                    json.WriteNumberValue(dimension);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets"u8);
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += data.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (header.Length % 8 != 0)
        {
            header.WriteByte((byte)' ');
        }

        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        header.WriteTo(stream);
        foreach (var (_, (_, _, data)) in _tensors)
        {
            stream.Write(data);
        }
    }
}
