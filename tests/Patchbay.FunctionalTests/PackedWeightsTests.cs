using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Engine.Sampling;

namespace Patchbay.FunctionalTests;

/// <summary>Weights as most users run them: what a bfloat16 checkpoint is packed to unless somebody asks for something else.</summary>
public sealed class PackedWeightsTests
{
    private const int AnswerTokens = 40;
    private static readonly string s_base = Path.Combine(Repository.Demo, "base");

    [Fact]
    public async Task Auto_AnswersAsTheEngineDoesWithQ8_AloneAndInOneBatch()
    {
        (string Model, int[] Prompt)[] questions = [.. Prompts("base", 3).Concat(Prompts("medical", 3)).Concat(Prompts("pirate", 2))];
        var expected = await AskEngineAsync(questions, WeightFormat.Q8);
        await using var server = await PatchbayProcess.ServeAsync("--model", s_base, "--weights", "auto", "--no-watch");
        using var client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
        var alone = new List<string>();
        foreach (var (model, prompt) in questions)
        {
            alone.Add(await AskAsync(client, model, prompt));
        }
        var together = await Task.WhenAll(questions.Concat(questions).Select(question => AskAsync(client, question.Model, question.Prompt)));
        Assert.Equal(expected, alone);
        Assert.Equal([.. expected, .. expected], together);
        // A comparison that cannot tell the formats apart would say nothing.
        Assert.NotEqual(await AskEngineAsync(questions, WeightFormat.Q4), expected);
    }

    private static IEnumerable<(string Model, int[] Prompt)> Prompts(string name, int count) =>
        File.ReadLines(Path.Combine(Repository.Demo, "eval", name + ".jsonl")).Take(count).Select(line =>
        {
            using var row = JsonDocument.Parse(line);
            return (name, row.RootElement.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray());
        });

    // On one thread, one question after the other.
    private static async Task<List<string>> AskEngineAsync(IEnumerable<(string Model, int[] Prompt)> questions, WeightFormat weights)
    {
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { ModelPath = s_base, ThreadCount = 1, Weights = weights });
        var answers = new List<string>();
        foreach (var (model, prompt) in questions)
        {
            AdapterLease? lease = null;
            if (model != "base")
            {
                var version = await engine.LoadAdapterAsync(Path.Combine(Repository.Demo, "adapters", model));
                Assert.True(engine.TryAcquireAdapter(version.Digest, out lease));
            }
            var request = new GenerationRequest { PromptTokens = prompt, Adapter = lease, MaxTokens = AnswerTokens, Sampling = SamplingOptions.Greedy };
            var text = new StringBuilder();
            await foreach (var delta in engine.GenerateText(request, []))
            {
                text.Append(delta.Text);
            }
            answers.Add(text.ToString());
        }
        return answers;
    }

    private static async Task<string> AskAsync(HttpClient client, string model, int[] prompt)
    {
        using var response = await client.PostAsJsonAsync("/v1/completions", new { model, prompt, max_tokens = AnswerTokens, temperature = 0 });
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return answer.RootElement.GetProperty("choices")[0].GetProperty("text").GetString()!;
    }
}
