using System.Text;

namespace Patchbay.Engine.Tests.Checkpoints.Gguf;

/// <summary>Writes GGUF bytes piece by piece without checking anything, so that tests can make every kind of broken file.</summary>
internal sealed class GgufWriter
{
    private readonly List<byte> _bytes = [];

    public GgufWriter Header(long tensors, long pairs, uint version = 3, string magic = "GGUF")
    {
        _bytes.AddRange(Encoding.ASCII.GetBytes(magic));
        return Raw(version).Raw(tensors).Raw(pairs);
    }

    public GgufWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Raw((long)bytes.Length).Raw(bytes);
    }

    public GgufWriter Raw(uint value)
    {
        _bytes.AddRange(BitConverter.GetBytes(value));
        return this;
    }

    public GgufWriter Raw(long value)
    {
        _bytes.AddRange(BitConverter.GetBytes(value));
        return this;
    }

    public GgufWriter Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public GgufWriter Pair(string key, uint value) => Text(key).Raw(4u).Raw(value);

    public GgufWriter Pair(string key, string value) => Text(key).Raw(8u).Text(value);

    public GgufWriter Pair(string key, float value) => Text(key).Raw(6u).Raw(BitConverter.GetBytes(value));

    public GgufWriter Pair(string key, bool value) => Text(key).Raw(7u).Raw(value ? (byte)1 : (byte)0);

    public GgufWriter Pair(string key, bool[] values) =>
        Text(key).Raw(9u).Raw(7u).Raw((long)values.Length).Raw([.. values.Select(value => value ? (byte)1 : (byte)0)]);

    /// <summary>Dimensions in the order of the file, fastest first.</summary>
    public GgufWriter Tensor(string name, uint type, long offset, params long[] dimensions)
    {
        Text(name).Raw((uint)dimensions.Length);
        foreach (var dimension in dimensions)
        {
            Raw(dimension);
        }

        return Raw(type).Raw(offset);
    }

    public GgufWriter Data(int bytes, int alignment = 32)
    {
        while (_bytes.Count % alignment != 0)
        {
            _bytes.Add(0);
        }

        for (var i = 0; i < bytes; i++)
        {
            _bytes.Add((byte)i);
        }

        return this;
    }

    /// <summary>Values of a tensor, from the next multiple of 32 on.</summary>
    public GgufWriter Data(ReadOnlySpan<float> values)
    {
        Data(0);
        _bytes.AddRange(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values));
        return this;
    }

    public byte[] ToArray() => [.. _bytes];
}
