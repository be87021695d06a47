using System.Text;
using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Checkpoints.Safetensors;

public sealed class SafetensorsFileTests
{
    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[2,0],"data_offsets":[0,0]}}""", 0)]
    [InlineData("""  {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   """, 4)]
    [InlineData("""{}""", 0)]
    [InlineData("""{"__metadata__":{"format":"pt"},"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]}}""", 3)]
    public void ValidHeader_IsRead(string header, int dataLength)
    {
        using var file = Parse(Bytes(header, dataLength));
        Assert.True(file.Tensors.Count <= 1);
    }

    [Theory]
    [InlineData("[]", 0, "object")]
    [InlineData("{", 0, "header")]
    [InlineData("""{"a":1}""", 0, "tensor a")]
    [InlineData("""{"__metadata__":{"n":1}}""", 0, "__metadata__")]
    [InlineData("""{"a":{"dtype":"F13","shape":[1],"data_offsets":[0,4]}}""", 4, "F13")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,4]}}""", 4, "shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2,18446744073709551614],"data_offsets":[0,4]}}""", 4, "shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2,9223372036854775807],"data_offsets":[0,4]}}""", 4, "bytes")]
    [InlineData("""{"a":{"dtype":"I32","shape":[2,2],"data_offsets":[0,4]}}""", 4, "expected 16 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "unused")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 6, "expected 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3, "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}""", 4, "'x'")]
    public void InvalidHeader_IsRefusedByName(string header, int dataLength, string named)
    {
        var refusal = Assert.Throws<InvalidDataException>(() => Parse(Bytes(header, dataLength)));
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("test.safetensors", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1, 2, 3, 4, 5, 6, 7 })]
    [InlineData(new byte[] { 60, 0, 0, 0, 255, 255, 255, 255 })]
    [InlineData(new byte[] { 60, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, 255 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, (byte)'{' })]
    public void BrokenBeginning_IsRefused(byte[] bytes) => Assert.Throws<InvalidDataException>(() => Parse(bytes));

    [Fact]
    public void RandomBytes_AreRefusedOrRead_NothingElse()
    {
        var random = new Random(3);
        var valid = Bytes("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]}}""", 16);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = valid.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                Parse(bytes).Dispose();
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Fact]
    public void WhatIsWritten_IsReadBack()
    {
        var writer = new SafetensorsWriter();
        writer.Add("b", [2, 2], [1f, 2, 3, 4]);
        writer.Add("a", [3], [7, 8, 9]);
        using var stream = new MemoryStream();
        writer.Write(stream);
        using var file = Parse(stream.ToArray());
        Assert.Equal([2L, 2L], file.Tensors["b"].Shape);
        unsafe
        {
            Assert.Equal(4f, ((float*)file.Tensors["b"].Pointer)[3]);
            Assert.Equal(9, ((int*)file.Tensors["a"].Pointer)[2]);
        }
    }

    private static byte[] Bytes(string header, int dataLength)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[dataLength]];
    }

    private static unsafe SafetensorsFile Parse(byte[] bytes)
    {
        var buffer = new NativeBuffer(bytes.Length);
        bytes.CopyTo(buffer.AsSpan<byte>());
        try
        {
            return SafetensorsFile.Parse(buffer.Data, buffer.Length, "test.safetensors", buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }
}
