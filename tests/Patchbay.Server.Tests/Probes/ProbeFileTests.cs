using Patchbay.Server.Probes;

namespace Patchbay.Server.Tests.Probes;

public sealed class ProbeFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-probes-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Written_Read_IsTheSame()
    {
        Assert.Null(ProbeFile.Read(_folder));
        new ProbeFile([new Probe([1, 2], [3], [new ProbeLogit(3, 1.5f)], 0.25) { Text = "\"quoted\"" }]).Write(_folder);

        var probe = Assert.Single(ProbeFile.Read(_folder)!.Probes);

        Assert.Equal([1, 2], probe.Prompt);
        Assert.Equal([3], probe.Greedy!);
        Assert.Equal([new ProbeLogit(3, 1.5f)], probe.Top!);
        Assert.Equal((0.25, "\"quoted\""), (probe.Tolerance, probe.Text));
    }

    [Theory]
    [InlineData("{\"probes\":[]}", "probes")]
    [InlineData("{\"probes\":[{\"prompt\":[],\"greedy\":[1]}]}", "probes[0].prompt")]
    [InlineData("{\"probes\":[{\"prompt\":[-1],\"greedy\":[1]}]}", "probes[0].prompt")]
    [InlineData("{\"probes\":[{\"prompt\":[1]}]}", "probes[0].greedy")]
    [InlineData("{\"probes\":[{\"prompt\":[1],\"gredy\":[1]}]}", "gredy")]
    [InlineData("{\"probes\":[{\"prompt\":[1],\"greedy\":[1],\"tolerance\":-1}]}", "probes[0].tolerance")]
    [InlineData("{\"probes\":[{\"prompt\":\"text\",\"greedy\":[1]}]}", "prompt")]
    [InlineData("null", "found null")]
    [InlineData("{", "line 1")]
    public void WrongFile_Read_NamesTheField(string json, string field)
    {
        File.WriteAllText(Path.Combine(_folder, ProbeFile.Name), json);
        Assert.Contains(field, Assert.Throws<InvalidDataException>(() => ProbeFile.Read(_folder)).Message, StringComparison.Ordinal);
    }
}
