using System.Security.Cryptography;
using Patchbay.Engine;
using Patchbay.Server.Adapters;

namespace Patchbay.Server.Answers;

/// <summary>A checked request: what to continue, how, and in which shape the answers go back.</summary>
/// <param name="Options">How the answers are made.</param>
/// <param name="Prompts">One or more prompts in tokens.</param>
/// <param name="Shape">How the answers look.</param>
/// <param name="LogProbabilities">Alternatives for each token; null asks for none.</param>
/// <param name="PromptField">The field that errors about the prompt name.</param>
internal sealed record Question(
    AnswerOptions Options, IReadOnlyList<int[]> Prompts, IAnswerShape Shape, int? LogProbabilities, string PromptField)
{
    /// <summary>One of its answers as the engine wants it.</summary>
    /// <param name="adapters">With leases, which the engine takes over.</param>
    public GenerationRequest ToRequest(int prompt, int choice, IReadOnlyList<AdapterWeight> adapters) => new()
    {
        PromptTokens = Prompts[prompt],
        Adapters = adapters,
        MaxTokens = Options.MaxTokens ?? int.MaxValue,
        // Several answers of one seed are repeatable, yet not the same answer several times.
        Sampling = Options.Sampling.Seed is { } seed ? Options.Sampling with { Seed = unchecked(seed + (ulong)choice) } : Options.Sampling,
        StopTokens = Options.StopTokens,
        IgnoreEndOfSequence = Options.IgnoreEndOfSequence,
        LogProbabilities = LogProbabilities,
        CacheSalt = Options.CacheSalt,
    };

    /// <summary>All of its answers as the engine wants them, prompt by prompt.</summary>
    /// <param name="slots">The places that were taken for them; null finds each one when it starts.</param>
    public IEnumerable<GenerationRequest> ToRequests(AnsweringModel model, IReadOnlyList<QueueSlot>? slots)
    {
        var answer = 0;
        for (var prompt = 0; prompt < Prompts.Count; prompt++)
        {
            for (var choice = 0; choice < Options.Choices; choice++)
            {
                yield return ToRequest(prompt, choice, model.TakeLeases()) with { Slot = slots?[answer++] };
            }
        }
    }

    /// <summary>The same with a seed drawn for it where it names none, so that its answers can be made again.</summary>
    public Question WithSeed() => Options.Sampling.Seed is not null ? this : this with
    {
        Options = Options with
        {
            Sampling = Options.Sampling with { Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) },
        },
    };
}
