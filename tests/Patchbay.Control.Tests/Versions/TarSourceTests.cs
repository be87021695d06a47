using System.Formats.Tar;
using System.Text;
using Patchbay.Control.Versions;

namespace Patchbay.Control.Tests.VersionFiles;

public sealed class TarSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly VersionStore _store;

    public TarSourceTests() => _store = VersionStore.Open(_folder["store"], new StoreLimits(), new FaultyFiles());

    public void Dispose()
    {
        Assert.Empty(Directory.GetFileSystemEntries(_folder["store/staging"]));
        _folder.Dispose();
    }

    [Theory]
    [InlineData(TarEntryFormat.V7)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    public async Task AnyFormat_Stage_IsTheDirectory(TarEntryFormat format)
    {
        var source = _folder.Adapter("source", ("adapter_config.json", "{}"), ("adapter_model.safetensors", "weights"), ("sub/x", "1"), (".gitattributes", "y"));
        using var direct = await _store.StageDirectoryAsync(source, default);
        foreach (var prefix in new[] { "", "./", "medical/", "./medical/" })
        {
            var archive = TarFile.Write(
                writer =>
                {
                    foreach (var file in Directory.EnumerateFileSystemEntries(source, "*", SearchOption.AllDirectories))
                    {
                        writer.WriteEntry(file, prefix + Path.GetRelativePath(source, file));
                    }
                },
                format);
            foreach (var bytes in new[] { archive, TarFile.Compress(archive) })
            {
                using var staged = await _store.StageTarAsync(new MemoryStream(bytes), default);
                Assert.Equal(direct.Digest, staged.Digest);
                Assert.Equal(direct.Bytes, staged.Bytes);
                Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(staged.DirectoryPath, "sub/x")));
            }
        }
    }

    [Fact]
    public async Task WrappedArchive_Publish_LeavesTheWrapperOut()
    {
        using var staged = await _store.StageTarAsync(new MemoryStream(TarFile.Of(("medical/a", "1"), ("medical/.github/x", "2"), ("medical/b/c", "3"))), default);
        Assert.Equal(["a", "b/c"], staged.Files);
        Assert.Equal(2, staged.Bytes);
        staged.Publish();
        Assert.True(_store.TryGetPath(staged.Digest, out var path));
        Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(path, "a")));
        Assert.Equal(2, Directory.GetFiles(path, "*", SearchOption.AllDirectories).Length);
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    [InlineData(TarEntryType.CharacterDevice)]
    [InlineData(TarEntryType.BlockDevice)]
    [InlineData(TarEntryType.Fifo)]
    public async Task NoRegularFile_Stage_IsRefused(TarEntryType type)
    {
        var archive = TarFile.Write(writer =>
        {
            TarFile.Add(writer, "a", [1]);
            var entry = new PaxTarEntry(type, "b");
            if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
            {
                entry.LinkName = "/etc/passwd";
            }
            writer.WriteEntry(entry);
        });
        await VersionStoreTests.RefusedAsync(VersionRefusal.Kind, $"'b' is a {type}", () => _store.StageTarAsync(new MemoryStream(archive), default));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/cron.d/x")]
    [InlineData("a\\..\\b")]
    [InlineData("././x")]
    [InlineData("CON")]
    public async Task BadName_Stage_IsRefused(string name)
    {
        await VersionStoreTests.RefusedAsync(
            VersionRefusal.Name, "file name", () => _store.StageTarAsync(new MemoryStream(TarFile.Of(("a", "1"), (name, "2"))), default));
        var folder = TarFile.Write(writer => writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, name)));
        await VersionStoreTests.RefusedAsync(VersionRefusal.Name, "folder name", () => _store.StageTarAsync(new MemoryStream(folder), default));
    }

    [Fact]
    public async Task CutOffAnywhere_Stage_IsRefused()
    {
        var archive = TarFile.Of(("adapter_config.json", "{}"), ("adapter_model.safetensors", new string('w', 2000)));
        var packed = TarFile.Compress(archive);
        for (var length = 0; length < archive.Length - 512; length += 100)
        {
            await VersionStoreTests.RefusedAsync(VersionRefusal.Archive, "damaged or cut off", () => _store.StageTarAsync(new MemoryStream(archive, 0, length), default));
        }
        for (var length = 0; length < packed.Length - 20; length++)
        {
            await Assert.ThrowsAsync<VersionRefusedException>(() => _store.StageTarAsync(new MemoryStream(packed, 0, length), default));
        }
        using var whole = await _store.StageTarAsync(new MemoryStream(packed), default);
    }

    [Fact]
    public async Task Nonsense_Stage_IsRefusedWithoutAnotherException()
    {
        var random = new Random(3);
        var good = TarFile.Of(("a", "1"), ("b/c", "2"));
        for (var round = 0; round < 600; round++)
        {
            var bad = (byte[])good.Clone();
            for (var i = 0; i < 1 + round % 5; i++)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }
            try
            {
                using var staged = await _store.StageTarAsync(new MemoryStream(round % 2 == 0 ? bad : TarFile.Compress(bad)), default);
            }
            catch (VersionRefusedException)
            {
                // any reason will do
            }
        }
        await VersionStoreTests.RefusedAsync(VersionRefusal.Archive, "damaged", () => _store.StageTarAsync(new MemoryStream(Encoding.ASCII.GetBytes("PK\u0003\u0004 no tar")), default));
    }

    [Fact]
    public async Task Bomb_Stage_IsRefusedEarly()
    {
        var bomb = TarFile.Compress(TarFile.Write(writer => TarFile.Add(writer, "zeros", new byte[200 << 20])));
        Assert.True(bomb.Length < 2 << 20);
        var source = new MemoryStream(bomb);
        await VersionStoreTests.RefusedAsync(VersionRefusal.TooLarge, "unpacks to more than 50 times", () => _store.StageTarAsync(source, default));
        var small = VersionStore.Open(_folder["small"], new StoreLimits { MaxBytes = 1000 });
        await VersionStoreTests.RefusedAsync(VersionRefusal.TooLarge, "more than 1000 bytes", () => small.StageTarAsync(new MemoryStream(bomb), default));
    }
}
