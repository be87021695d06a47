using System.Text;
using Patchbay.Engine.Checkpoints.Gguf;

namespace Patchbay.Engine.Tests.Checkpoints.Gguf;

public sealed unsafe class GgufFileTests
{
    private const long TooMuch = 0x7FFFFFFFFFFFFFC0;

    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public void ValidFile_Parse_TellsMetadataAndTensors(uint version)
    {
        var bytes = new GgufWriter().Header(2, 3, version)
            .Pair("general.architecture", "llama")
            .Pair("general.alignment", 64)
            .Text("list").Raw(9u).Raw(8u).Raw(2L).Text("a").Text("bc")
            .Tensor("first", 0, 0, 3, 2)
            .Tensor("second", 8, 64, 32)
            .Data(64 + 34, 64).ToArray();

        Read(bytes, file =>
        {
            Assert.Equal((int)version, file.Version);
            Assert.Equal("llama", file.Get("general.architecture").AsString());
            var list = new List<string>();
            foreach (var element in file.Get("list").AsStrings())
            {
                list.Add(Encoding.UTF8.GetString(element));
            }

            Assert.Equal(["a", "bc"], list);
            Assert.Equal(["first", "second"], file.Tensors.Select(tensor => tensor.Name));
            Assert.Equal([2, 3], file.Tensors[0].Shape);
            Assert.Equal(24, file.Tensors[0].ByteLength);
            Assert.Equal(0, file.Tensors[0].Offset % 64);
            Assert.Equal(file.Tensors[0].Offset + 64, file.Tensors[1].Offset);
            Assert.Equal(34, file.Tensors[1].ByteLength);
            Assert.Equal("Q8_0", file.Tensors[1].SupportedType.Name);
            Assert.Equal(63, file.DataOf(file.Tensors[1])[-1]);
            Assert.True(file.TryGetTensor("second", out var found) && found == file.Tensors[1]);
        });
    }

    [Fact]
    public void EveryValueType_Get_ReadsIt()
    {
        var bytes = new GgufWriter().Header(0, 13)
            .Text("u8").Raw(0u).Raw(200)
            .Text("i8").Raw(1u).Raw(0xFF)
            .Text("u16").Raw(2u).Raw(0xFF, 0xFF)
            .Text("i16").Raw(3u).Raw(0xFE, 0xFF)
            .Text("u32").Raw(4u).Raw(uint.MaxValue)
            .Text("i32").Raw(5u).Raw(unchecked((uint)-3))
            .Text("f32").Raw(6u).Raw(BitConverter.SingleToUInt32Bits(1.5f))
            .Text("bool").Raw(7u).Raw(1)
            .Text("text").Raw(8u).Text("ä")
            .Text("u64").Raw(10u).Raw(long.MaxValue)
            .Text("i64").Raw(11u).Raw(-4L)
            .Text("f64").Raw(12u).Raw(BitConverter.DoubleToInt64Bits(0.1))
            .Text("ints").Raw(9u).Raw(1u).Raw(2L).Raw(1, 0xFF).ToArray();

        Read(bytes, file =>
        {
            Assert.Equal(
                [200, -1, 65535, -2, uint.MaxValue, -3, long.MaxValue, -4],
                new[] { "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64" }.Select(key => file.Get(key).AsInteger()));
            Assert.Equal(1.5, file.Get("f32").AsNumber());
            Assert.Equal(0.1, file.Get("f64").AsNumber());
            Assert.True(file.Get("bool").AsBoolean());
            Assert.Equal("ä", file.Get("text").AsString());
            Assert.Equal([1, -1], file.Get("ints").ToInt32Array());
            Assert.Equal([1f, -1f], file.Get("ints").ToSingleArray());
            Assert.Null(file.Find("missing"));
            Assert.Contains("'missing'", Assert.Throws<InvalidDataException>(() => file.Get("missing")).Message, StringComparison.Ordinal);
            Assert.Contains("'text'", Assert.Throws<InvalidDataException>(() => file.Get("text").AsInteger()).Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void UnsupportedEncoding_Use_IsRefusedByName()
    {
        var bytes = new GgufWriter().Header(1, 0).Tensor("w", 16, 0, 256).Data(66).ToArray();
        Read(bytes, file =>
        {
            Assert.Equal(66, file.Tensors[0].ByteLength);
            var message = Assert.Throws<InvalidDataException>(() => file.Tensors[0].SupportedType).Message;
            Assert.Contains("'w'", message, StringComparison.Ordinal);
            Assert.Contains("IQ2_XXS", message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void ZeroDimension_Parse_IsAnEmptyTensor() =>
        Read(new GgufWriter().Header(1, 0).Tensor("w", 0, 0, 4, 0).Data(0).ToArray(), file => Assert.Equal(0, file.Tensors[0].ByteLength));

    public static TheoryData<string, string[]> HostileFiles()
    {
        var data = new TheoryData<string, string[]>();
        foreach (var (name, (_, words)) in Hostile)
        {
            data.Add(name, words);
        }

        return data;
    }

    /// <summary>The classes of llama.cpp's test-gguf, each with what the refusal must name.</summary>
    private static readonly Dictionary<string, (Func<GgufWriter> Make, string[] Words)> Hostile = new()
    {
        ["HeaderEmpty"] = (() => new(), ["magic"]),
        ["HeaderBadMagic"] = (() => new GgufWriter().Header(0, 0, magic: "FUGG"), ["magic", "0x46554747", "0x47475546"]),
        ["HeaderBadVersion0"] = (() => new GgufWriter().Header(0, 0, 0), ["version", "found 0"]),
        ["HeaderBadVersion1"] = (() => new GgufWriter().Header(0, 0, 1), ["version", "found 1"]),
        ["HeaderBadVersionFuture"] = (() => new GgufWriter().Header(0, 0, 4), ["version", "found 4"]),
        ["HeaderBigEndian"] = (() => new GgufWriter().Header(0, 0, 3u << 24), ["version", "big-endian"]),
        ["HeaderBadTensorCount"] = (() => new GgufWriter().Header(-1, 0), ["tensor count", "18446744073709551615"]),
        ["HeaderBadPairCount"] = (() => new GgufWriter().Header(0, -1), ["metadata count", "18446744073709551615"]),
        ["HeaderManyTensors"] = (() => new GgufWriter().Header(1L << 40, 0).Data(100), ["tensor count", "1099511627776"]),
        ["HeaderCutShort"] = (() => new GgufWriter().Raw(0x46554747u).Raw(3u).Raw(0u), ["tensor count"]),
        ["PairBadKeySize"] = (() => new GgufWriter().Header(0, 1).Raw(-1L).Data(32), ["key 0", "18446744073709551615"]),
        ["PairLongKey"] = (() => new GgufWriter().Header(0, 1).Text(new string('k', 65536)).Raw(0u).Raw(1), ["key 0", "65536"]),
        ["PairEmptyKey"] = (() => new GgufWriter().Header(0, 1).Pair("", 7), ["key 0", "found 0 bytes"]),
        ["PairKeyNotUtf8"] = (() => new GgufWriter().Header(0, 1).Raw(1L).Raw(0xFF).Raw(4u).Raw(1u), ["key 0", "UTF-8"]),
        ["PairBadType"] = (() => new GgufWriter().Header(0, 1).Text("k").Raw(13u).Raw(0L), ["'k'", "found 13"]),
        ["PairNestedArray"] = (() => new GgufWriter().Header(0, 1).Text("k").Raw(9u).Raw(9u).Raw(0L), ["'k'", "array of arrays"]),
        ["PairArrayBadType"] = (() => new GgufWriter().Header(0, 1).Text("k").Raw(9u).Raw(99u).Raw(0L), ["'k'", "found 99"]),
        ["PairArrayTooLong"] = (() => new GgufWriter().Header(0, 1).Text("k").Raw(9u).Raw(4u).Raw(long.MaxValue), ["'k'", "9223372036854775807"]),
        ["PairStringsTooMany"] = (() => new GgufWriter().Header(0, 1).Text("k").Raw(9u).Raw(8u).Raw(1L << 33).Data(64), ["'k'", "8589934592"]),
        ["PairStringTooLong"] = (() => new GgufWriter().Header(0, 1).Text("k").Raw(8u).Raw(100L).Data(16), ["'k'", "found 100"]),
        ["PairStringInArrayTooLong"] = (() => new GgufWriter().Header(0, 1).Text("k").Raw(9u).Raw(8u).Raw(1L).Raw(1L << 62), ["'k'", "4611686018427387904"]),
        ["PairDuplicateKey"] = (() => new GgufWriter().Header(0, 2).Pair("k", 1).Pair("k", 2), ["'k'", "again"]),
        ["PairBadAlignment"] = (() => new GgufWriter().Header(0, 1).Pair("general.alignment", 13), ["'general.alignment'", "found 13"]),
        ["PairZeroAlignment"] = (() => new GgufWriter().Header(0, 1).Pair("general.alignment", 0), ["'general.alignment'", "found 0"]),
        ["PairWrongTypeAlignment"] = (() => new GgufWriter().Header(0, 1).Pair("general.alignment", "32"), ["'general.alignment'", "String"]),
        ["TensorBadNameSize"] = (() => new GgufWriter().Header(1, 0).Tensor(new string('n', 64), 0, 0, 1).Data(4), ["tensor 0", "found 64"]),
        ["TensorHugeNameSize"] = (() => new GgufWriter().Header(1, 0).Raw(-1L).Data(64), ["tensor 0", "18446744073709551615"]),
        ["TensorBadDimensionCount"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 0, 0, 1, 1, 1, 1, 1).Data(4), ["'w'", "found 5"]),
        ["TensorBadShape"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 0, 0, -1).Data(4), ["'w'", "found -1"]),
        ["TensorShapeTooBig"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 24, 0, 1L << 32, 1L << 32).Data(4), ["'w'", "[4294967296, 4294967296]"]),
        ["TensorShapeTooBigBehindZero"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 24, 0, 0, 1L << 32, 1L << 32).Data(4), ["'w'", "4294967296"]),
        ["TensorBytesTooBig"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 0, 0, 1L << 61, 3).Data(4), ["'w'", "2305843009213693952"]),
        ["TensorBadType"] = (() => new GgufWriter().Header(1, 0).Tensor("w", uint.MaxValue, 0, 32).Data(4), ["'w'", "4294967295"]),
        ["TensorRetiredType"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 4, 0, 32).Data(64), ["'w'", "number 4"]),
        ["TensorPartialBlock"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 2, 0, 33).Data(64), ["'w'", "Q4_0", "33"]),
        ["TensorBadOffset"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 0, 1, 4).Data(64), ["'w'", "found 1"]),
        ["TensorOffsetOverlap"] = (() => new GgufWriter().Header(2, 0).Tensor("v", 0, 0, 16).Tensor("w", 0, 32, 4).Data(128), ["'w'", "expected offset 64", "found 32"]),
        ["TensorHugeOffset"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 0, -32, 4).Data(64), ["'w'", "18446744073709551584"]),
        ["TensorDuplicateName"] = (() => new GgufWriter().Header(2, 0).Tensor("w", 0, 0, 8).Tensor("w", 0, 32, 8).Data(64), ["'w'", "again"]),
        ["TensorNameNotUtf8"] = (() => new GgufWriter().Header(1, 0).Raw(1L).Raw(0x80).Raw(0u).Raw(0u).Raw(0L).Data(64), ["tensor 0", "UTF-8"]),
        ["TensorInconsistentAlignment"] = (() => new GgufWriter().Header(2, 1).Pair("general.alignment", 64).Tensor("v", 0, 0, 8).Tensor("w", 0, 32, 8).Data(96, 64), ["'w'", "expected offset 64"]),
        ["DataNotEnough"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 0, 0, 8).Data(31), ["'w'", "expected 32 bytes", "found 31"]),
        ["DataMissing"] = (() => new GgufWriter().Header(1, 0).Tensor("w", 0, 0, 8), ["'w'", "found 0"]),
        ["DataBadAlignment"] = (() => new GgufWriter().Header(1, 1).Pair("general.alignment", 4096).Tensor("w", 0, 0, 8).Data(32), ["'w'", "found 0"]),
        ["MemorySizeOverflow"] = (() => new GgufWriter().Header(2, 0).Tensor("v", 24, 0, TooMuch).Tensor("w", 24, TooMuch, TooMuch).Data(64), ["'w'", "9223372036854775744"]),
    };

    [Theory]
    [MemberData(nameof(HostileFiles))]
    public void HostileFile_Parse_IsRefusedByName(string name, string[] words)
    {
        var bytes = Hostile[name].Make().ToArray();
        var message = Assert.Throws<InvalidDataException>(() => Read(bytes, _ => { })).Message;
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
    }

    [Fact]
    public void CutAnywhere_Parse_IsRefused()
    {
        var whole = new GgufWriter().Header(1, 2).Pair("a", "text").Text("l").Raw(9u).Raw(8u).Raw(2L).Text("x").Text("y")
            .Tensor("w", 0, 0, 8).Data(32).ToArray();
        Read(whole, _ => { });
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = whole[..length];
            Assert.Throws<InvalidDataException>(() => Read(cut, _ => { }));
        }
    }

    [Fact]
    public void AnyByteChanged_Parse_ReadsOrRefuses()
    {
        var whole = new GgufWriter().Header(1, 2).Pair("a", "text").Text("l").Raw(9u).Raw(8u).Raw(2L).Text("x").Text("y")
            .Tensor("w", 0, 0, 8).Data(32).ToArray();
        for (var i = 0; i < whole.Length * 256; i++)
        {
            var changed = (byte[])whole.Clone();
            changed[i / 256] = (byte)i;
            try
            {
                Read(changed, _ => { });
            }
            catch (InvalidDataException)
            {
                // A refusal is as good as a reading; anything else fails the test.
            }
        }
    }

    [Fact]
    public void Vocabulary_Open_AllocatesNothingPerToken()
    {
        var path = Path.Combine(Fixtures.Own, "text", "gguf", "llama.gguf");
        using (GgufFile.Open(path))
        {
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var file = GgufFile.Open(path);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(2200, file.Get("tokenizer.ggml.tokens").Count);
        Assert.True(allocated < 16 * 1024, $"{allocated} bytes were allocated to open a vocabulary of 2,200 tokens.");
    }

    private static void Read(byte[] bytes, Action<GgufFile> check)
    {
        fixed (byte* data = bytes)
        {
            using var file = GgufFile.Parse(data, bytes.Length);
            check(file);
        }
    }
}
