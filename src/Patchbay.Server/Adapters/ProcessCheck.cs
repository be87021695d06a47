using System.ComponentModel;
using System.Diagnostics;

namespace Patchbay.Server.Adapters;

/// <summary>
/// An own check as a program: called with the adapter's name and directory, it accepts with exit code 0; otherwise its first
/// line of output says why not. One that takes too long refuses.
/// </summary>
/// <param name="program">The program's path.</param>
/// <param name="limit">How long it may take.</param>
internal sealed class ProcessCheck(string program, TimeSpan limit) : IAdapterCheck
{
    private const int MostShown = 500;

    public async Task<string?> FindProblemAsync(AdapterCandidate candidate, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, [candidate.Name, candidate.Directory])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            Environment = { ["PATCHBAY_DIGEST"] = candidate.Version.Digest.ToString(), ["PATCHBAY_NAME"] = candidate.Name },
        };
        Process? process;
        try
        {
            process = Process.Start(start);
        }
        catch (Win32Exception)
        {
            process = null;
        }
        if (process is null)
        {
            return "The operator's check program could not be started.";
        }
        using (process)
        {
            return await WaitAsync(process, cancellation);
        }
    }

    private async Task<string?> WaitAsync(Process process, CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ending.CancelAfter(limit);
        try
        {
            process.StandardInput.Close();
            var said = await ReadAsync(process.StandardOutput, ending.Token);
            await process.WaitForExitAsync(ending.Token);
            return process.ExitCode == 0 ? null
                : said.Length > 0 ? said : $"The operator's check program refused the adapter (exit code {process.ExitCode}).";
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            return $"The operator's check program took longer than {limit.TotalSeconds:0} s.";
        }
    }

    // The first line; the rest is read, so that a talkative program does not block, and dropped.
    private static async Task<string> ReadAsync(StreamReader output, CancellationToken cancellation)
    {
        var first = await output.ReadLineAsync(cancellation) ?? "";
        var buffer = new char[4096];
        while (await output.ReadAsync(buffer, cancellation) > 0)
        {
        }
        return first.Length <= MostShown ? first : first[..MostShown];
    }
}
