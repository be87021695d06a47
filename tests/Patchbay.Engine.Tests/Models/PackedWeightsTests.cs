using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Models;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Models;

/// <summary>Packed weights on disk: found again, made anew when anything is wrong.</summary>
public sealed class PackedWeightsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("patchbay-test-");
    private readonly string _model;
    private readonly string _cache;

    public PackedWeightsTests()
    {
        _model = Path.Combine(_folder.FullName, "model");
        _cache = Path.Combine(_folder.FullName, "cache", "below");
        Directory.CreateDirectory(_model);
        foreach (var file in new DirectoryInfo(Path.Combine(Fixtures.Repository, "demo", "base")).GetFiles())
        {
            file.CopyTo(Path.Combine(_model, file.Name));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(WeightFormat.Q8)]
    [InlineData(WeightFormat.Q4)]
    public async Task SecondStart_MapsTheSameBytes(WeightFormat format)
    {
        var first = await LoadAsync(format);
        var second = await LoadAsync(format);
        Assert.False(first.IsMapped);
        Assert.True(second.IsMapped);
        Assert.NotEmpty(first.Digest);
        Assert.Equal(first.Digest, second.Digest);
        Assert.Single(Directory.GetFiles(_cache));
    }

    [Fact]
    public async Task OtherFormat_HasAFileOfItsOwn()
    {
        await LoadAsync(WeightFormat.Q8);
        Assert.False((await LoadAsync(WeightFormat.Q4)).IsMapped);
        Assert.Equal(2, Directory.GetFiles(_cache).Length);
    }

    [Fact]
    public async Task CheckpointThatChanged_IsPackedAnew()
    {
        var before = await LoadAsync(WeightFormat.Q8);
        var path = Path.Combine(_model, "model.safetensors");
        var bytes = await File.ReadAllBytesAsync(path);
        // The low bytes of the last tensor's values: small changes of many weights.
        for (var i = bytes.Length - 20000; i < bytes.Length; i += 2)
        {
            bytes[i] ^= 0x40;
        }

        await File.WriteAllBytesAsync(path, bytes);
        var after = await LoadAsync(WeightFormat.Q8);
        Assert.False(after.IsMapped);
        Assert.NotEqual(before.Digest, after.Digest);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(40)]
    [InlineData(55)]
    [InlineData(1_000_003)]
    [InlineData(3_000_000)]
    [InlineData(-4)]
    [InlineData(-1)]
    [InlineData(-2)]
    [InlineData(-3)]
    public async Task DamagedFile_IsIgnoredAndReplaced(int place)
    {
        var before = await LoadAsync(WeightFormat.Q8);
        var path = Directory.GetFiles(_cache).Single();
        using (var stream = File.Open(path, FileMode.Open))
        {
            switch (place)
            {
                case -1:
                    stream.SetLength(stream.Length - 1);
                    break;
                case -2:
                    stream.SetLength(0);
                    break;
                case -3:
                    stream.SetLength(stream.Length + 64);
                    break;
                case -4:
                    // A page of zeros, as a disk leaves it that lost a write.
                    stream.Position = stream.Length / 2 / 4096 * 4096;
                    stream.Write(new byte[4096]);
                    break;
                default:
                    stream.Position = place;
                    var found = stream.ReadByte();
                    stream.Position = place;
                    stream.WriteByte((byte)(found ^ 1));
                    break;
            }
        }

        var after = await LoadAsync(WeightFormat.Q8);
        Assert.False(after.IsMapped);
        Assert.Equal(before.Digest, after.Digest);
        Assert.True((await LoadAsync(WeightFormat.Q8)).IsMapped);
    }

    [Fact]
    public async Task FileThatAnotherStartLeftUnfinished_IsTakenAwayWhenItIsOld()
    {
        Directory.CreateDirectory(_cache);
        var (old, young) = (Path.Combine(_cache, "a.packed.1.tmp"), Path.Combine(_cache, "b.packed.2.tmp"));
        await File.WriteAllTextAsync(old, "half");
        await File.WriteAllTextAsync(young, "half");
        File.SetLastWriteTimeUtc(old, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
        await LoadAsync(WeightFormat.Q8);
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    [Fact]
    public async Task DirectoryThatCannotBeWritten_CostsNothing()
    {
        var file = Path.Combine(_folder.FullName, "file");
        await File.WriteAllTextAsync(file, "");
        var loaded = await LoadAsync(WeightFormat.Q8, Path.Combine(file, "below"));
        Assert.False(loaded.IsMapped);
        Assert.NotEmpty(loaded.Digest);
    }

    [Fact]
    public async Task SmallModel_IsNotKept()
    {
        using var model = LoadedModel.Open(_model, new WeightPacking(WeightFormat.Q8, _cache));
        await model.Packed.WhenWritten();
        Assert.False(Directory.Exists(_cache));
    }

    [Fact]
    public void Native_PacksNothing()
    {
        using var model = LoadedModel.Open(_model);
        Assert.DoesNotContain(model.Model.Modules.Modules, module => module.Weight.Packed is not null);
    }

    [Fact]
    public void Auto_PacksBFloat16AsQ8AndKeepsTheEmbeddingForLookUps()
    {
        using var model = LoadedModel.Open(_model, new WeightPacking(WeightFormat.Auto, null));
        var modules = model.Model.Modules;
        Assert.Equal(PackedEncoding.Q8, modules.Find("model.layers.0.self_attn.q_proj")!.Weight.Packed!.Encoding);
        Assert.Equal(PackedEncoding.Q8, modules.OutputHead!.Weight.Packed!.Encoding);
        Assert.Null(modules.Find("model.layers.0.input_layernorm")!.Weight.Packed);
    }

    [Theory]
    [InlineData("F32", null)]
    [InlineData("F16", "Q8")]
    [InlineData("Q8_0", "Q8")]
    [InlineData("Q4_0", "Q4")]
    [InlineData("Q4_1", "Q4Minimum")]
    [InlineData("Q4K", "Q4Minimum")]
    [InlineData("Q5_0", "Q5")]
    [InlineData("Q5_1", "Q5Minimum")]
    [InlineData("Q2K", "Q8")]
    [InlineData("Q3K", "Q6")]
    [InlineData("Q5K", "Q5Minimum")]
    [InlineData("Q6K", "Q6")]
    [InlineData("IQ4NL", "Q8")]
    public void Auto_PacksWhatIsStoredInThisWay(string stored, string? packed)
    {
        var type = Enum.Parse<ElementType>(stored);
        var (values, bytes) = type.Block();
        using var memory = new NativeBuffer(16 * 256L / values * bytes);
        WeightMatrix weight;
        unsafe
        {
            weight = new WeightMatrix(type, 16, 256, memory.Data);
        }

        var module = new AdaptableModule("model.layers.0.mlp.down_proj", weight);
        Assert.Equal(packed, new WeightPacking(WeightFormat.Auto, null).EncodingOf(module)?.ToString());
        Assert.Null(WeightPacking.None.EncodingOf(module));
    }

    private async Task<(bool IsMapped, string Digest)> LoadAsync(WeightFormat format, string? cache = null)
    {
        using var model = LoadedModel.Open(_model, new WeightPacking(format, cache ?? _cache) { SmallestCached = 0 });
        await model.Packed.WhenWritten();
        return (model.Packed.IsMapped, Digest(model));
    }

    private static unsafe string Digest(LoadedModel model)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        foreach (var packed in model.Model.Modules.Modules.Select(module => module.Weight.Packed).OfType<PackedMatrix>())
        {
            hash.AppendData(new ReadOnlySpan<byte>(packed.Data, (int)packed.ByteLength));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
