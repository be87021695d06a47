using Patchbay.Control;
using Patchbay.Server.Adapters;

namespace Patchbay.Server.Tests.Adapters;

public sealed class AdapterManifestTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-manifest-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private AdapterManifest Read(string json)
    {
        File.WriteAllText(Path.Combine(_folder, "adapters.json"), json);
        return AdapterManifest.Read(_folder);
    }

    [Fact]
    public void NoFile_Read_IsEmpty()
    {
        Assert.Empty(AdapterManifest.Read(_folder).Adapters);
        Assert.Empty(AdapterManifest.Read(null).Adapters);
        Assert.Equal(new ManifestEntry("x"), AdapterManifest.Empty.Of("x"));
    }

    [Fact]
    public void Entries_Read_AreFoundByTheirFolder()
    {
        var manifest = Read("""{"adapters":[{"name":"doctor","directory":"m-2","priority":"critical","pinned":true,"load":"lazy"}]}""");
        Assert.Equal(new ManifestEntry("doctor", "m-2", AdapterPriority.Critical, true, LoadTime.Lazy), manifest.Of("m-2"));
        Assert.Equal("doctor", manifest.Of("doctor").Name);
    }

    [Theory]
    [InlineData("{}", "adapters")]
    [InlineData("[]", "$")]
    [InlineData("{\"adapters\":null}", "adapters")]
    [InlineData("{\"adapters\":[{\"name\":\"x\",\"priorty\":\"low\"}]}", "priorty")]
    [InlineData("{\"adapters\":[{\"name\":\"x\",\"priority\":\"top\"}]}", "priority")]
    [InlineData("{\"adapters\":[{\"name\":\"\"}]}", "adapters[0].name")]
    [InlineData("{\"adapters\":[{\"name\":\"x\",\"directory\":\"../y\"}]}", "adapters[0].directory")]
    [InlineData("{\"adapters\":[{\"name\":\"x\",\"directory\":\"..\"}]}", "adapters[0].directory")]
    [InlineData("{\"adapters\":[{\"name\":\"x\"},{\"name\":\"x\",\"directory\":\"y\"}]}", "adapters[1]")]
    [InlineData("{\"adapters\":[{\"name\":\"x\"},{\"name\":\"y\",\"directory\":\"x\"}]}", "adapters[1]")]
    public void WrongFile_Read_NamesTheField(string json, string field) =>
        Assert.Contains(field, Assert.Throws<InvalidDataException>(() => Read(json)).Message, StringComparison.Ordinal);
}
