using System.Globalization;

namespace Patchbay.Bench;

/// <summary>
/// The same requests to this program's server and to another one, in turn: one stream, several on the base, several on an
/// adapter each.
/// </summary>
/// <param name="ours">This program's server.</param>
/// <param name="theirs">The other one.</param>
/// <param name="vocabulary">Tokens that both models have.</param>
/// <param name="options">What is measured.</param>
internal sealed class AgainstRun(CompletionsClient ours, CompletionsClient theirs, int vocabulary, BenchOptions options)
{
    private readonly SampleBook _book = new();
    private readonly PromptMaker _prompts = new(vocabulary);

    /// <param name="progress">Told what is being done.</param>
    /// <exception cref="InvalidDataException">A server refuses, breaks off, or answers another number of tokens.</exception>
    public async Task<IReadOnlyList<BenchRow>> RunAsync(Action<string> progress)
    {
        progress("warming up");
        foreach (var client in new[] { ours, theirs })
        {
            await ServeAsync(client, Prompts(options.Requests), 4, isMixed: client.AdapterCount > 0);
        }
        for (var round = 0; round < options.Rounds; round++)
        {
            progress(string.Create(CultureInfo.InvariantCulture, $"round {round + 1} of {options.Rounds}"));
            if (options.Does("decode"))
            {
                await CompareAsync(round, "1 request", 1, isMixed: false);
            }
            if (options.Does("batch"))
            {
                await CompareAsync(round, Invariant($"{options.Requests} requests on the base"), options.Requests, isMixed: false);
            }
            if (options.Does("mixed") && ours.AdapterCount > 0 && theirs.AdapterCount > 0)
            {
                var adapters = Math.Min(options.Requests, Math.Min(ours.AdapterCount, theirs.AdapterCount));
                await CompareAsync(round, Invariant($"{options.Requests} requests on {adapters} adapters"), options.Requests, isMixed: true);
            }
        }
        return _book.Rows;
    }

    private async Task CompareAsync(int round, string work, int requests, bool isMixed)
    {
        var prompts = Prompts(requests);
        var rates = new double[2];
        for (var i = 0; i < 2; i++)
        {
            // Who is first changes from round to round.
            var side = (round + i) % 2;
            var answers = await ServeAsync(side == 0 ? ours : theirs, prompts, options.NewTokens, isMixed);
            rates[side] = StreamTimes.Throughput(answers);
            _book.Add($"{work}, first token, {(side == 0 ? "ours" : "theirs")}", "ms", 1000 * answers.Average(answer => answer.FirstTokenSeconds));
        }
        _book.Add($"{work}, ours", "tokens/s", rates[0]);
        _book.Add($"{work}, theirs", "tokens/s", rates[1]);
        _book.Add($"{work}, ratio", "×", rates[0] / rates[1]);
    }

    private int[][] Prompts(int requests) => [.. Enumerable.Range(0, requests).Select(_ => _prompts.Next(options.PromptTokens))];

    private static Task<StreamTimes[]> ServeAsync(CompletionsClient client, int[][] prompts, int newTokens, bool isMixed) =>
        Task.WhenAll(prompts.Select((prompt, index) => client.StreamAsync(prompt, newTokens, isMixed ? index : null)));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
