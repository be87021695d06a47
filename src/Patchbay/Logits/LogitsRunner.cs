using Patchbay.Engine;
using Patchbay.Engine.Checkpoints.Safetensors;

namespace Patchbay.Logits;

/// <summary>Runs cases through the engine as any request runs, and keeps what they answer.</summary>
/// <param name="root">The directory that base and adapter paths are relative to.</param>
/// <param name="weights">How weights are held.</param>
internal sealed class LogitsRunner(string root, WeightFormat weights)
{
    private readonly SafetensorsWriter _answers = new();

    /// <summary>Whether a case could not be answered.</summary>
    public bool HasRefused { get; private set; }

    public async Task RunAsync(IReadOnlyList<LogitsCase> cases)
    {
        foreach (var group in cases.GroupBy(item => item.Base))
        {
            // Small models are tested beyond the context they claim; what the cases need decides.
            var options = new EngineOptions
            {
                ModelPath = Path.Combine(root, group.Key),
                Weights = weights,
                ContextLength = group.Max(item => item.Prompt.Length + item.GreedyCount) + 1,
            };
            try
            {
                await using var engine = await InferenceEngine.OpenAsync(options);
                foreach (var item in group)
                {
                    await RunAsync(engine, item);
                }
            }
            catch (InvalidDataException exception)
            {
                foreach (var item in group)
                {
                    Refuse(item, exception.Message);
                }
            }
        }
    }

    public void Write(string path)
    {
        using var stream = File.Create(path);
        _answers.Write(stream);
    }

    private async Task RunAsync(InferenceEngine engine, LogitsCase item)
    {
        try
        {
            using var lease = await LeaseAsync(engine, item);
            var rows = new Dictionary<int, float[]>();
            var wanted = item.Positions ?? [.. Enumerable.Range(0, item.Prompt.Length)];
            var generation = engine.Generate(new GenerationRequest
            {
                PromptTokens = item.Prompt,
                Adapter = lease,
                MaxTokens = Math.Max(1, item.GreedyCount),
                IgnoreEndOfSequence = true,
                Sampling = SamplingOptions.Greedy,
                PromptLogits = (position, row) => rows[position] = row.ToArray(),
            });
            var greedy = new List<int>();
            await foreach (var token in generation)
            {
                greedy.Add(token.Id);
            }

            var logits = wanted.SelectMany(position => rows[position]).ToArray();
            _answers.Add($"{item.Name}.logits", [wanted.Length, rows[wanted[0]].Length], logits);
            _answers.Add($"{item.Name}.greedy", [item.GreedyCount], [.. greedy.Take(item.GreedyCount)]);
            Console.WriteLine($"{item.Name}: {wanted.Length} rows, {item.GreedyCount} tokens");
        }
        catch (Exception exception) when (exception is AdapterRefusedException or RequestRefusedException)
        {
            Refuse(item, exception.Message);
        }
    }

    private async Task<AdapterLease?> LeaseAsync(InferenceEngine engine, LogitsCase item)
    {
        if (item.Adapters.Count == 0)
        {
            return null;
        }

        if (item.Adapters is not [(var path, 1)])
        {
            throw new AdapterRefusedException("Composing several adapters, or one with a weight other than 1, is not supported.");
        }

        var version = await engine.LoadAdapterAsync(Path.Combine(root, path));
        return engine.TryAcquireAdapter(version.Digest, out var lease) ? lease : null;
    }

    private void Refuse(LogitsCase item, string reason)
    {
        HasRefused = true;
        Console.Error.WriteLine($"{item.Name}: {reason}");
    }
}
