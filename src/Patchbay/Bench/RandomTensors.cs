using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Patchbay.Bench;

/// <summary>A tensor of uniform random values.</summary>
/// <param name="Name">Unique in its file.</param>
/// <param name="Shape">Dimensions, slowest first.</param>
/// <param name="Spread">Values lie this far from the centre at most.</param>
/// <param name="Centre">Mean of the values.</param>
internal readonly record struct RandomTensor(string Name, int[] Shape, float Spread, float Centre = 0)
{
    public long Count => Shape.Aggregate(1L, (product, dimension) => product * dimension);
}

/// <summary>Writes safetensors files of random bfloat16 values, piece by piece: a file may be larger than the memory.</summary>
internal static class RandomTensors
{
    private const int PieceValues = 1 << 20;

    /// <param name="path">The file; its directory exists.</param>
    /// <param name="tensors">In the order of the file.</param>
    /// <param name="seed">The same seed gives the same bytes.</param>
    public static void Write(string path, IReadOnlyList<RandomTensor> tensors, ulong seed)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        WriteHeader(file, tensors);
        var piece = new ushort[PieceValues];
        var state = seed;
        foreach (var tensor in tensors)
        {
            for (var done = 0L; done < tensor.Count;)
            {
                var values = piece.AsSpan(0, (int)Math.Min(piece.Length, tensor.Count - done));
                Fill(values, tensor, ref state);
                file.Write(MemoryMarshal.AsBytes(values));
                done += values.Length;
            }
        }
    }

    private static void WriteHeader(FileStream file, IReadOnlyList<RandomTensor> tensors)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype"u8, "BF16"u8);
                json.WriteStartArray("shape"u8);
                Array.ForEach(tensor.Shape, json.WriteNumberValue);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets"u8);
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Count * sizeof(ushort));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (header.Length % 8 != 0)
        {
            header.WriteByte((byte)' ');
        }
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        file.Write(length);
        header.WriteTo(file);
    }

    // SplitMix64 (Steele, Lea, Flood 2014): four values from each step.
    private static void Fill(Span<ushort> values, RandomTensor tensor, ref ulong state)
    {
        var scale = tensor.Spread / 32768f;
        ulong bits = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (i % 4 == 0)
            {
                state += 0x9e3779b97f4a7c15;
                bits = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
                bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
                bits ^= bits >> 31;
            }
            var value = tensor.Centre + ((short)bits * scale);
            bits >>= 16;
            // The upper half of a float32 is a bfloat16; a half more in the lower half rounds to the nearest.
            values[i] = (ushort)((BitConverter.SingleToUInt32Bits(value) + 0x8000) >> 16);
        }
    }
}
