using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>The benchmark measures what it says; how fast that is, no test asks.</summary>
public sealed class BenchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-bench-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task EveryWorkOnTheTinyShape_IsInTheReport()
    {
        var (code, output, error) = await RunAsync(
            "--shape", "tiny", "--rounds", "2", "--prefill", "40", "--decode", "6", "--batch", "2", "3", "--streams", "4", "--new", "5", "--json", "-");
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        var rows = json.RootElement.GetProperty("rows").EnumerateArray().ToDictionary(row => row.GetProperty("name").GetString()!);
        string[] measured =
        [
            "first start to ready", "start to ready", "resident memory when ready", "prefill 40", "decode, 1 stream", "decode, 2 streams", "decode, 3 streams",
            "8 requests of 64 + 5 tokens on 8 adapters", "8 requests of 64 + 5 tokens on the base", "decode with an adapter", "prefill with an adapter",
            "swap, inside the server", "longest gap, 4 streams, with swaps", "longest gap, 8 streams, without loads", "load of an adapter of 1 MB",
        ];
        Assert.All(measured, name => Assert.True(rows[name].GetProperty("median").GetDouble() > 0, name));
        Assert.Contains("one adapter's cost, decode", rows.Keys);
        var decode = rows["decode, 1 stream"];
        Assert.Equal(2, decode.GetProperty("samples").GetArrayLength());
        Assert.InRange(decode.GetProperty("median").GetDouble(), decode.GetProperty("lowest").GetDouble(), decode.GetProperty("highest").GetDouble());
        Assert.Equal("random weights of tiny's shape", json.RootElement.GetProperty("model").GetString());
        Assert.NotEqual("", json.RootElement.GetProperty("machine").GetProperty("processor").GetString());
    }

    [Fact]
    public async Task ManyAdapters_AreMeasuredWhereTheyAreAskedFor()
    {
        var (code, output, error) = await RunAsync("--shape", "tiny", "--only", "many", "--rounds", "1", "--decode", "4");
        Assert.True(code == 0, error);
        Assert.Contains("| 32 streams over 100 adapters |", output);
        Assert.Contains("| what 100 adapters cost |", output);
    }

    [Fact]
    public async Task ManyAdapters_WithoutAShape_AreNotMeasuredAndItSaysSo()
    {
        var (code, output, error) = await RunAsync("--only", "many", "--rounds", "1");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("Nothing was measured", error);
    }

    [Fact]
    public async Task ChosenWorksOfTheDemo_AreATableOfMarkdownInAPipe()
    {
        var (code, output, error) = await RunAsync("--only", "prefill", "decode", "--rounds", "1", "--prefill", "40", "--decode", "6");
        Assert.True(code == 0, error);
        Assert.Contains("|  | median | lowest | highest | p99 |  |", output);
        Assert.Equal(2, output.Split('\n').Count(line => line.EndsWith(" tokens/s |", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task WrittenShape_CanBeServedAndMeasuredAgainst()
    {
        var target = Path.Combine(_folder, "written");
        var (code, output, error) = await RunAsync("--shape", "tiny", "--write", target);
        Assert.True(code == 0, error);
        Assert.Contains("patchbay serve --model", output);
        await using var server = await PatchbayProcess.ServeAsync("--model", Path.Combine(target, "base"), "--adapters", Path.Combine(target, "adapters"));

        (code, output, error) = await RunAsync(
            "--model", Path.Combine(target, "base"), "--against", server.Address.ToString(), "--rounds", "2", "--requests", "3", "--new", "5", "--json", "-");
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        var rows = json.RootElement.GetProperty("rows").EnumerateArray().ToDictionary(row => row.GetProperty("name").GetString()!);
        foreach (var work in new[] { "1 request", "3 requests on the base", "3 requests on 3 adapters" })
        {
            var (ours, theirs, ratio) = (First($"{work}, ours"), First($"{work}, theirs"), First($"{work}, ratio"));
            Assert.Equal(ours / theirs, ratio, 1e-9);
        }

        double First(string name) => rows[name].GetProperty("samples")[0].GetDouble();
    }

    [Fact]
    public async Task Write_OverADirectoryThatExists_IsRefusedAndTouchesNothing()
    {
        var (code, _, error) = await RunAsync("--shape", "tiny", "--write", _folder);
        Assert.Equal(1, code);
        Assert.Contains("exists already", error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData(2, "gpt-5", "--shape", "gpt-5")]
    [InlineData(2, "sleep", "--only", "sleep")]
    [InlineData(2, "--rounds must be 1 or more", "--rounds", "0")]
    [InlineData(2, "--batch must be 1 or more", "--batch", "0")]
    [InlineData(2, "--batch must be 1 or more; found 'x'", "--batch", "1", "x")]
    [InlineData(2, "--rounds must be 1 or more; found '2.5'", "--rounds", "2.5")]
    [InlineData(2, "--write needs --shape", "--write", "somewhere")]
    [InlineData(2, "--against: 'nowhere' is no address", "--against", "nowhere")]
    [InlineData(1, "127.0.0.1:9", "--against", "http://127.0.0.1:9")]
    [InlineData(1, "neither a directory nor a file", "--only", "decode", "--model", "nothing-is-here")]
    public async Task BadArguments_EndWithASentence(int expected, string part, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(arguments);
        Assert.True(expected == code, $"{code}: {output}{error}");
        Assert.Contains(part, error);
        Assert.DoesNotContain("   at ", error);
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => PatchbayProcess.RunAsync(
        "", new Dictionary<string, string?> { ["XDG_CACHE_HOME"] = Path.Combine(_folder, "cache") }, ["bench", "--threads", "2", .. arguments]);
}
