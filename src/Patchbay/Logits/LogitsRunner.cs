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
            var adapters = await LeaseAsync(engine, item);
            var rows = new Dictionary<int, float[]>();
            var wanted = item.Positions ?? [.. Enumerable.Range(0, item.Prompt.Length)];
            var generation = engine.Generate(new GenerationRequest
            {
                PromptTokens = item.Prompt,
                Adapters = adapters,
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

    private async Task<IReadOnlyList<AdapterWeight>> LeaseAsync(InferenceEngine engine, LogitsCase item)
    {
        if (item.IsRouted)
        {
            throw new AdapterRefusedException("arrow: routing tokens between adapters is not supported.");
        }

        var leases = new List<AdapterWeight>();
        try
        {
            foreach (var (path, weight) in item.Adapters)
            {
                var version = await engine.LoadAdapterAsync(Path.Combine(root, path));
                leases.Add(engine.TryAcquireAdapter(version.Digest, out var lease)
                    ? new AdapterWeight(lease, (float)weight)
                    : throw new AdapterRefusedException($"{version.Digest} was unloaded meanwhile."));
            }

            return leases;
        }
        catch
        {
            leases.ForEach(part => part.Lease.Dispose());
            throw;
        }
    }

    private void Refuse(LogitsCase item, string reason)
    {
        HasRefused = true;
        Console.Error.WriteLine($"{item.Name}: {reason}");
    }
}
