using Patchbay.Server.Adapters;

namespace Patchbay.Server.Tests.Adapters;

public sealed class AdapterDirectoryTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("patchbay-adapters-").FullName;
    private readonly string _root;

    public AdapterDirectoryTests()
    {
        _root = Path.Combine(_parent, "adapters");
        MakeAdapter(Path.Combine(_root, "medical"));
        MakeAdapter(Path.Combine(_root, "team", "nested"));
        MakeAdapter(Path.Combine(_parent, "adapters-of-others", "secret"));
        Directory.CreateDirectory(Path.Combine(_root, "empty"));
    }

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    private static void MakeAdapter(string path)
    {
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "adapter_config.json"), "{}");
    }

    private AdapterPathOutcome Resolve(string path, bool allowOutside = false) => new AdapterDirectory(_root, allowOutside).Resolve(path, out _);

    [Fact]
    public void Folders_Scan_ListsThoseWithAnAdapter()
    {
        Assert.Equal(["medical"], new AdapterDirectory(_root, false).Scan().Select(adapter => adapter.Name));
        Assert.Equal(["medical"], new AdapterDirectory(Path.Combine(_root, "medical"), false).Scan().Select(adapter => adapter.Name));
        Assert.Empty(new AdapterDirectory(null, false).Scan());
        Assert.Empty(new AdapterDirectory(Path.Combine(_root, "nowhere"), false).Scan());
    }

    [Fact]
    public void PathsInside_Resolve_AreFound()
    {
        Assert.Equal(AdapterPathOutcome.Found, Resolve("medical"));
        Assert.Equal(AdapterPathOutcome.Found, Resolve("team/nested"));
        Assert.Equal(AdapterPathOutcome.Found, Resolve("team/../medical"));
        Assert.Equal(AdapterPathOutcome.Found, Resolve(Path.Combine(_root, "medical")));
        Assert.Equal(AdapterPathOutcome.NotFound, Resolve("empty"));
        Assert.Equal(AdapterPathOutcome.NotFound, Resolve("nowhere"));
        Assert.Equal(AdapterPathOutcome.NotFound, Resolve("medical\0"));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../adapters-of-others/secret")]
    [InlineData("../does-not-exist")]
    [InlineData("medical/../../adapters-of-others/secret")]
    [InlineData("/etc")]
    [InlineData("/")]
    public void PathsOutside_Resolve_AreRefusedWhateverIsThere(string path) => Assert.Equal(AdapterPathOutcome.Outside, Resolve(path));

    [Fact]
    public void SiblingWithTheSamePrefix_Resolve_IsOutside()
    {
        var secret = Path.Combine(_parent, "adapters-of-others", "secret");
        Assert.Equal(AdapterPathOutcome.Outside, Resolve(secret));
        Assert.Equal(AdapterPathOutcome.Found, Resolve(secret, allowOutside: true));
    }

    [Fact]
    public void LinksThatLeave_Resolve_AreRefused()
    {
        var secret = Path.Combine(_parent, "adapters-of-others", "secret");
        Directory.CreateSymbolicLink(Path.Combine(_root, "link"), secret);
        Directory.CreateSymbolicLink(Path.Combine(_root, "up"), _parent);
        MakeAdapter(Path.Combine(_root, "files"));
        File.CreateSymbolicLink(Path.Combine(_root, "files", "adapter_model.safetensors"), Path.Combine(secret, "adapter_config.json"));
        Assert.Equal(AdapterPathOutcome.Outside, Resolve("link"));
        Assert.Equal(AdapterPathOutcome.Outside, Resolve("up/adapters-of-others/secret"));
        Assert.Equal(AdapterPathOutcome.Outside, Resolve("files"));
    }

    [Fact]
    public void LinksThatStay_Resolve_AreFollowed()
    {
        Directory.CreateSymbolicLink(Path.Combine(_root, "current"), Path.Combine(_root, "medical"));
        Directory.CreateSymbolicLink(Path.Combine(_parent, "alias"), _root);
        Assert.Equal(AdapterPathOutcome.Found, Resolve("current"));
        var throughLink = new AdapterDirectory(Path.Combine(_parent, "alias"), false);
        Assert.Equal(AdapterPathOutcome.Found, throughLink.Resolve(Path.Combine(_parent, "alias", "medical"), out _));
        Assert.Equal(AdapterPathOutcome.Found, throughLink.Resolve("medical", out _));
    }

    [Fact]
    public void CircleOfLinks_Resolve_IsNotFound()
    {
        Directory.CreateSymbolicLink(Path.Combine(_root, "a"), Path.Combine(_root, "b"));
        Directory.CreateSymbolicLink(Path.Combine(_root, "b"), Path.Combine(_root, "a"));
        Assert.Equal(AdapterPathOutcome.NotFound, Resolve("a"));
        MakeAdapter(Path.Combine(_root, "c"));
        File.CreateSymbolicLink(Path.Combine(_root, "c", "x"), Path.Combine(_root, "c", "x"));
        Assert.Equal(AdapterPathOutcome.NotFound, Resolve("c"));
    }
}
