using System.Diagnostics;

namespace Patchbay.FunctionalTests;

/// <summary>The examples of the README work as they stand, in the order in which they stand.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public async Task EveryCurlLine_Succeeds()
    {
        await using var server = await PatchbayProcess.ServeAsync();
        var lines = (await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "README.md"))).Where(line => line.StartsWith("curl ", StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count >= 6);
        foreach (var line in lines)
        {
            var command = line.Replace("localhost:8080", server.Address.Authority, StringComparison.Ordinal)
                .Replace("curl ", "curl --silent --show-error --fail-with-body --max-time 60 ", StringComparison.Ordinal);
            using var process = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, $"{line}: {output}");
            Assert.NotEmpty(output);
        }
    }
}
