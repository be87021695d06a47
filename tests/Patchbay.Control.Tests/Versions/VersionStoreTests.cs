using System.Security.Cryptography;
using System.Text;
using Patchbay.Control.Versions;

namespace Patchbay.Control.Tests.VersionFiles;

public sealed class VersionStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string StorePath => _folder["store"];

    private string Source => _folder.Adapter(
        "source", ("adapter_config.json", "{}"), ("adapter_model.safetensors", "weights"), ("sub/README.md", "hello"),
        (".gitattributes", "x"), (".git/config", "x"), ("model.sig", "x"), ("sub/.gitignore", "counts"));

    [Fact]
    public async Task Directory_Stage_IsSeenOnlyOncePublished()
    {
        var store = VersionStore.Open(StorePath);
        using var staged = await store.StageDirectoryAsync(Source, default);
        Assert.True(staged.IsNew);
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors", "sub/.gitignore", "sub/README.md"], staged.Files);
        Assert.Equal(Root("{}", "weights", "counts", "hello"), staged.Digest);
        Assert.Equal("weights", await File.ReadAllTextAsync(Path.Combine(staged.DirectoryPath, "adapter_model.safetensors")));
        Assert.False(store.Contains(staged.Digest));
        Assert.False(store.TryGetPath(staged.Digest, out _));

        staged.Publish();
        Assert.True(store.TryGetPath(staged.Digest, out var path));
        Assert.Equal(path, staged.DirectoryPath);
        Assert.Equal($"sha256-{staged.Digest.ToString()[7..]}", Path.GetFileName(path));
        Assert.Equal(20, store.Bytes(staged.Digest));
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(path, "sub/README.md")));
        Assert.Empty(Left());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(Path.Combine(path, "adapter_config.json")));
        }
    }

    [Fact]
    public async Task Published_OpenAgain_IsThere()
    {
        var store = VersionStore.Open(StorePath);
        using var staged = await store.StageDirectoryAsync(Source, default);
        staged.Publish();
        Directory.CreateDirectory(Path.Combine(StorePath, "versions", "sha256-nonsense"));
        var again = VersionStore.Open(StorePath);
        Assert.Equal([staged.Digest], again.Versions);
        Assert.Equal(20, again.Bytes(staged.Digest));
    }

    [Fact]
    public async Task SameBytesTwice_Stage_CostNothing()
    {
        var store = VersionStore.Open(StorePath);
        using var first = await store.StageDirectoryAsync(Source, default);
        using var second = await store.StageDirectoryAsync(Source, default);
        Assert.True(second.IsNew);
        first.Publish();
        second.Publish();
        Assert.Equal(first.DirectoryPath, second.DirectoryPath);
        using var third = await store.StageTarAsync(new MemoryStream(TarFile.Of(
            ("sub/README.md", "hello"), ("adapter_model.safetensors", "weights"), ("sub/.gitignore", "counts"), ("adapter_config.json", "{}"))), default);
        Assert.False(third.IsNew);
        Assert.Equal(first.Digest, third.Digest);
        third.Publish();
        Assert.Single(store.Versions);
        Assert.Empty(Left());
    }

    [Fact]
    public async Task SameHashesUnderOtherNames_Stage_AreRefused()
    {
        var store = VersionStore.Open(StorePath);
        using var first = await store.StageTarAsync(new MemoryStream(TarFile.Of(("a", "1"), ("b", "2"))), default);
        first.Publish();
        await RefusedAsync(VersionRefusal.Name, "other file names", () => store.StageTarAsync(new MemoryStream(TarFile.Of(("a", "1"), ("c", "2"))), default));
    }

    [Fact]
    public async Task Abandoned_Dispose_LeavesNothing()
    {
        var store = VersionStore.Open(StorePath);
        using (await store.StageDirectoryAsync(Source, default))
        {
        }
        Assert.Empty(Left());
        using (var staging = store.BeginStaging())
        {
            await staging.AddAsync("a/b", Text("x"), default);
        }
        Assert.Empty(Left());
        Assert.Empty(store.Versions);
    }

    [Fact]
    public async Task Removed_Remove_FreesItsFiles()
    {
        var store = VersionStore.Open(StorePath);
        using var staged = await store.StageDirectoryAsync(Source, default);
        staged.Publish();
        Assert.True(store.Remove(staged.Digest));
        Assert.False(store.Remove(staged.Digest));
        Assert.Empty(Directory.GetFiles(StorePath, "*", SearchOption.AllDirectories));
        Assert.Equal(0, store.Bytes(staged.Digest));
    }

    [Fact]
    public async Task LeftByACrash_Open_IsTakenAway()
    {
        VersionStore.Open(StorePath);
        Directory.CreateDirectory(Path.Combine(StorePath, "staging", "7", "sub"));
        await File.WriteAllTextAsync(Path.Combine(StorePath, "staging", "7", "sub", "half"), "x");
        VersionStore.Open(StorePath);
        Assert.Empty(Left());
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a/./b")]
    [InlineData("a\\b")]
    [InlineData("C:/x")]
    [InlineData("C:x")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("a\u0085b")]
    [InlineData("con")]
    [InlineData("sub/NUL.txt")]
    [InlineData("com1.safetensors")]
    [InlineData("lpt\u00b2")]
    [InlineData("a.")]
    [InlineData("a /b")]
    [InlineData("a?b")]
    [InlineData("1/2/3/4/5/6/7/8/9")]
    public async Task BadName_Add_IsRefused(string name)
    {
        var store = VersionStore.Open(StorePath);
        using (var staging = store.BeginStaging())
        {
            await RefusedAsync(VersionRefusal.Name, "file name", () => staging.AddAsync(name, Text("x"), default));
            Assert.Throws<ObjectDisposedException>(staging.Complete);
        }
        await Assert.ThrowsAsync<VersionRefusedException>(() => RefuseLongAsync(store));
        Assert.Empty(Left());
        Assert.Equal(["staging", "versions"], Directory.GetFileSystemEntries(StorePath).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a", "A")]
    [InlineData("sub/x", "Sub/y")]
    [InlineData("stra\u00dfe", "STRA\u00dfE")]
    [InlineData("\u00e9", "e\u0301")]
    [InlineData("\ufb01le", "file")]
    [InlineData("a", "a/b")]
    [InlineData("a/b", "a")]
    public async Task LikeAnother_Add_IsRefused(string first, string second)
    {
        using var staging = VersionStore.Open(StorePath).BeginStaging();
        await staging.AddAsync(first, Text("x"), default);
        await RefusedAsync(VersionRefusal.Name, "", () => staging.AddAsync(second, Text("x"), default));
    }

    [Fact]
    public async Task TooMuch_Add_IsRefused()
    {
        var store = VersionStore.Open(StorePath, new StoreLimits { MaxFiles = 2, MaxBytes = 10 });
        using (var staging = store.BeginStaging())
        {
            await staging.AddAsync("a", Text("1234567890"), default);
            await RefusedAsync(VersionRefusal.TooLarge, "more than 10 bytes", () => staging.AddAsync("b", Text("1"), default));
        }
        using (var staging = store.BeginStaging())
        {
            await staging.AddAsync("a", Text("1"), default);
            await staging.AddAsync("b", Text("1"), default);
            await staging.AddAsync(".git/x", Text("1"), default);
            await RefusedAsync(VersionRefusal.TooLarge, "more than 2 files", () => staging.AddAsync("c", Text("1"), default));
        }
        Assert.Empty(Left());
    }

    [Fact]
    public async Task NothingInIt_Stage_IsRefused()
    {
        var store = VersionStore.Open(StorePath);
        var empty = Directory.CreateDirectory(_folder["empty"]).FullName;
        await RefusedAsync(VersionRefusal.Empty, "no files", () => store.StageDirectoryAsync(empty, default));
        await RefusedAsync(VersionRefusal.Empty, "no files", () => store.StageTarAsync(new MemoryStream(TarFile.Of(("x/.git/config", "a"))), default));
        await RefusedAsync(VersionRefusal.Source, "cannot be read", () => store.StageDirectoryAsync(_folder["absent"], default));
        Assert.Empty(Left());
    }

    [Fact]
    public async Task Link_StageDirectory_IsRefused()
    {
        var store = VersionStore.Open(StorePath);
        var source = Source;
        File.CreateSymbolicLink(Path.Combine(source, "sub", "link"), "/etc/passwd");
        await RefusedAsync(VersionRefusal.Kind, "'sub/link' is a symbolic link", () => store.StageDirectoryAsync(source, default));
        File.Delete(Path.Combine(source, "sub", "link"));
        Directory.CreateSymbolicLink(Path.Combine(source, "folder"), "/etc");
        await RefusedAsync(VersionRefusal.Kind, "'folder' is a symbolic link", () => store.StageDirectoryAsync(source, default));
        Assert.Empty(Left());
    }

    [Fact]
    public async Task Pipe_StageDirectory_DoesNotWait()
    {
        var store = VersionStore.Open(StorePath);
        var source = Source;
        using var make = System.Diagnostics.Process.Start("mkfifo", Path.Combine(source, "pipe"));
        await make.WaitForExitAsync();
        using var staged = await store.StageDirectoryAsync(source, default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Contains("pipe", staged.Files); // as an empty file, as the engine sees it
    }

    [Theory]
    [InlineData("adapter_model.safetensors")]
    [InlineData("new")]
    [InlineData("sub/README.md")]
    public async Task ChangedWhileItIsRead_StageDirectory_IsRefused(string changed)
    {
        var source = Source;
        var files = new ChangingFiles(() => File.AppendAllText(Path.Combine(source, changed), "more"));
        var store = VersionStore.Open(StorePath, new StoreLimits(), files);
        await RefusedAsync(VersionRefusal.Source, "changed while", () => store.StageDirectoryAsync(source, default));
        Assert.Empty(Left());
        using var whole = await store.StageDirectoryAsync(source, default);
        whole.Publish();
    }

    [Theory]
    [InlineData(28, VersionRefusal.NoRoom)]
    [InlineData(122, VersionRefusal.NoRoom)]
    [InlineData(30, VersionRefusal.Store)]
    [InlineData(5, VersionRefusal.Store)]
    public async Task EveryStep_Fails_LeavesNothingHalfDone(int error, VersionRefusal expected)
    {
        var source = Source;
        var files = new FaultyFiles { Failure = () => error == 30 ? new UnauthorizedAccessException() : new IOException("x", error) };
        var steps = int.MaxValue;
        for (var step = 1; step <= steps; step++)
        {
            files.Restart();
            var path = _folder[$"store-{error}-{step}"];
            var store = VersionStore.Open(path, new StoreLimits(), files);
            var before = files.Steps;
            files.FailAt = before + step;
            VersionRefusedException? refusal = null;
            try
            {
                using var staged = await store.StageDirectoryAsync(source, default);
                staged.Publish();
                steps = files.Steps - before;
            }
            catch (VersionRefusedException exception)
            {
                refusal = exception;
            }
            files.FailAt = 0;
            if (files.HasFailed && refusal is not null)
            {
                Assert.Equal(expected, refusal.Refusal);
                Assert.Empty(store.Versions);
                Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(path, "versions")));
            }
            // Whatever failed, the next try works, and a restart finds one whole version.
            using var again = await store.StageDirectoryAsync(source, default);
            again.Publish();
            Assert.Equal([again.Digest], VersionStore.Open(path, new StoreLimits(), files).Versions);
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(path, "staging")));
        }
        Assert.True(steps is > 15 and < 100, $"{steps} steps");
    }

    [Fact]
    public async Task EveryRead_Fails_LeavesNothing()
    {
        var store = VersionStore.Open(StorePath);
        for (var allowed = 0; allowed < 20; allowed++)
        {
            using var staging = store.BeginStaging();
            await RefusedAsync(VersionRefusal.Source, "'weights' cannot be read to its end", () => staging.AddAsync("weights", new FailingStream(allowed), default));
        }
        Assert.Empty(Left());
    }

    [Fact]
    public async Task CancelledUpload_Stage_LeavesNothing()
    {
        var store = VersionStore.Open(StorePath);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.StageDirectoryAsync(Source, stop.Token));
        Assert.Empty(Left());
    }

    [Fact]
    public async Task ManyAtOnce_PublishAndRemove_StayWhole()
    {
        var store = VersionStore.Open(StorePath);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                using var staged = await store.StageTarAsync(new MemoryStream(TarFile.Of(("a", $"{i % 4}"), ("b", "x"))), default);
                staged.Publish();
                if (worker % 2 == 0)
                {
                    store.Remove(staged.Digest);
                }
            }
        })));
        Assert.Empty(Left());
        foreach (var digest in store.Versions)
        {
            Assert.True(store.TryGetPath(digest, out var path));
            Assert.Equal(2, Directory.GetFiles(path).Length);
        }
    }

    internal static async Task RefusedAsync(VersionRefusal expected, string words, Func<Task> act)
    {
        var refusal = await Assert.ThrowsAsync<VersionRefusedException>(act);
        Assert.Equal(expected, refusal.Refusal);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("patchbay-test", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(refusal.Message, char.IsControl);
    }

    private string[] Left() => Directory.GetFileSystemEntries(Path.Combine(StorePath, "staging"));

    [Fact]
    public async Task HalfASurrogatePair_Add_IsRefused()
    {
        using var staging = VersionStore.Open(StorePath).BeginStaging();
        await RefusedAsync(VersionRefusal.Name, "is not valid Unicode", () => staging.AddAsync("a\ud800", Text("x"), default));
    }

    private static async Task RefuseLongAsync(VersionStore store)
    {
        using var staging = store.BeginStaging();
        await staging.AddAsync(new string('é', 128), Text("x"), default);
    }

    private static MemoryStream Text(string content) => new(Encoding.UTF8.GetBytes(content));

    private static VersionDigest Root(params string[] contents) =>
        new(SHA256.HashData([.. contents.SelectMany(content => SHA256.HashData(Encoding.UTF8.GetBytes(content)))]));

    private sealed class FailingStream(int allowed) : MemoryStream
    {
        private int _reads;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_reads++ == allowed)
            {
                throw new IOException("the client went away");
            }
            buffer.Span[..1000].Fill(7);
            return ValueTask.FromResult(1000);
        }
    }

    // Changes the source once, in the middle of its copying.
    private sealed class ChangingFiles(Action change) : IStoreFiles
    {
        private int _sealed;

        public void CreateDirectory(string path) => DiskFiles.Instance.CreateDirectory(path);

        public Stream CreateFile(string path) => DiskFiles.Instance.CreateFile(path);

        public void Seal(Stream file, string path)
        {
            if (++_sealed == 1)
            {
                change();
            }
            DiskFiles.Instance.Seal(file, path);
        }

        public void FlushDirectory(string path) => DiskFiles.Instance.FlushDirectory(path);

        public void Rename(string from, string to) => DiskFiles.Instance.Rename(from, to);

        public long DeleteFile(string path) => DiskFiles.Instance.DeleteFile(path);

        public void Delete(string path) => DiskFiles.Instance.Delete(path);
    }
}
