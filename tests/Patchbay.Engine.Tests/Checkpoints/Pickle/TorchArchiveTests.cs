using System.IO.Compression;
using System.Text;
using Patchbay.Engine.Checkpoints.Pickle;

namespace Patchbay.Engine.Tests.Checkpoints.Pickle;

/// <summary>Files of torch.save: tensors are found, and nothing else is done whatever they hold.</summary>
public sealed unsafe class TorchArchiveTests
{
    private static readonly string s_good = Path.Combine(Fixtures.Own, "peft", "file_bin", "adapter", "adapter_model.bin");

    [Fact]
    public void Parse_FindsEveryTensorInTheFile()
    {
        var bytes = File.ReadAllBytes(s_good);
        fixed (byte* data = bytes)
        {
            var tensors = TorchArchive.Parse(data, bytes.Length, "x.bin");
            Assert.Equal(8, tensors.Count);
            Assert.Equal([4, 48], tensors["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"].Shape);
            foreach (var view in tensors.Values)
            {
                Assert.InRange(view.Data, (nint)data, (nint)data + bytes.Length - (nint)view.ByteLength);
            }
        }
    }

    [Fact]
    public void EveryTruncation_IsRefused()
    {
        var bytes = File.ReadAllBytes(s_good);
        for (var length = 0; length < bytes.Length; length += 7)
        {
            Refuse(bytes[..length]);
        }
    }

    [Fact]
    public void EveryChangedByteOfThePickle_IsReadOrRefused()
    {
        using var zip = ZipFile.OpenRead(s_good);
        using var memory = new MemoryStream();
        using (var stream = zip.Entries.Single(entry => entry.Name == "data.pkl").Open())
        {
            stream.CopyTo(memory);
        }

        var pickle = memory.ToArray();
        var random = new Random(5);
        for (var i = 0; i < pickle.Length; i++)
        {
            var changed = pickle.ToArray();
            changed[i] = (byte)random.Next(256);
            var bytes = Archive(changed);
            fixed (byte* data = bytes)
            {
                try
                {
                    foreach (var view in TorchArchive.Parse(data, bytes.Length, "x.bin").Values)
                    {
                        Assert.InRange(view.Data, (nint)data, (nint)data + bytes.Length - (nint)view.ByteLength);
                    }
                }
                catch (InvalidDataException)
                {
                }
            }
        }
    }

    [Theory]
    [InlineData("cposix\nsystem\n(X\x02\0\0\0idtR.", "posix.system")]
    [InlineData("cbuiltins\neval\n.", "builtins.eval")]
    [InlineData("(i.", "0x69")]
    [InlineData(".", "stack")]
    [InlineData("}", "ends")]
    [InlineData("h\x05.", "memo")]
    [InlineData("K\x01.", "dictionary")]
    public void PickleOfAnythingElse_IsRefused(string pickle, string word) =>
        Assert.Contains(word, Refuse(Archive(Encoding.Latin1.GetBytes(pickle))).Message, StringComparison.Ordinal);

    [Fact]
    public void TuplesWithinTuples_AreRefusedBeforeTheyCostAnything()
    {
        // 40 times a pair of the same pair: 2⁴⁰ values for whoever walked them.
        var pickle = ")" + string.Concat(Enumerable.Repeat("q\0h\0\x86", 40)) + ".";
        Assert.Contains("nested", Refuse(Archive(Encoding.Latin1.GetBytes(pickle))).Message, StringComparison.Ordinal);
    }

    private static byte[] Archive(byte[] pickle)
    {
        using var memory = new MemoryStream();
        using (var source = ZipFile.OpenRead(s_good))
        using (var target = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in source.Entries)
            {
                using var to = target.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
                if (entry.Name == "data.pkl")
                {
                    to.Write(pickle);
                }
                else
                {
                    using var from = entry.Open();
                    from.CopyTo(to);
                }
            }
        }

        return memory.ToArray();
    }

    private static InvalidDataException Refuse(byte[] bytes)
    {
        fixed (byte* data = bytes)
        {
            var address = (nint)data;
            return Assert.Throws<InvalidDataException>(() => { _ = TorchArchive.Parse((byte*)address, bytes.Length, "x.bin"); });
        }
    }
}
