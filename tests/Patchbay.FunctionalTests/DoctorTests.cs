using System.Text.Json;

namespace Patchbay.FunctionalTests;

public sealed class DoctorTests
{
    [Fact]
    public async Task Doctor_SaysWhatTheMachineHasAndTheKernelsUse()
    {
        var (code, output, error) = await PatchbayProcess.RunAsync("", "doctor");
        Assert.True(code == 0, error);
        foreach (var part in new[] { "processor ", "instruction sets ", "kernels ", "packed weights ", "emitted code ", "memory speed ", "GB/s", ".NET 10" })
        {
            Assert.Contains(part, output);
        }
    }

    [Fact]
    public async Task Doctor_WithAForcedWidth_SaysSoAndAdvises()
    {
        var (code, output, error) = await PatchbayProcess.RunAsync("", Forcing("128"), ["doctor", "--json"]);
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        var kernels = json.RootElement.GetProperty("machine").GetProperty("kernels");
        Assert.Equal("128", kernels.GetProperty("width").GetString());
        Assert.Contains("PATCHBAY_FORCE_SIMD", kernels.GetProperty("reason").GetString());
        Assert.Equal("scalar", kernels.GetProperty("supported").EnumerateArray().Last().GetString());
        Assert.True(json.RootElement.GetProperty("read_gigabytes_per_second").GetDouble() > 0);
        Assert.Equal(
            kernels.GetProperty("supported")[0].GetString() != "128",
            json.RootElement.GetProperty("advice").EnumerateArray().Any(sentence => sentence.GetString()!.Contains("although", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Doctor_WhereEmittedCodeIsRefused_SaysSo()
    {
        var (code, output, error) = await PatchbayProcess.RunAsync("", new Dictionary<string, string?> { ["PATCHBAY_NO_EMIT"] = "1" }, ["doctor", "--json"]);
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        var kernels = json.RootElement.GetProperty("machine").GetProperty("kernels");
        Assert.Contains("PATCHBAY_NO_EMIT", kernels.GetProperty("emitted_code").GetString());
        Assert.DoesNotContain("emitted", kernels.GetProperty("packed_path").GetString());
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("bench")]
    public async Task AnyReport_WithAWidthThatDoesNotExist_FailsWithASentence(string command)
    {
        var (code, output, error) = await PatchbayProcess.RunAsync("", Forcing("1024"), [command]);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("PATCHBAY_FORCE_SIMD: expected", error);
        Assert.DoesNotContain("   at ", error);
    }

    private static Dictionary<string, string?> Forcing(string width) => new() { ["PATCHBAY_FORCE_SIMD"] = width };
}
