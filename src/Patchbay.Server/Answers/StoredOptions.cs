using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Server.Http;

namespace Patchbay.Server.Answers;

/// <summary>How answers were made, in the form that is kept with them: all that decides their tokens beside model and prompt.</summary>
internal sealed record StoredOptions(
    int Choices,
    int? MaxTokens,
    ulong Seed,
    float Temperature,
    int TopK,
    float TopP,
    float MinP,
    float PresencePenalty,
    float FrequencyPenalty,
    float RepetitionPenalty,
    IReadOnlyDictionary<int, float> LogitBias,
    IReadOnlyList<string> Stop,
    IReadOnlyCollection<int> StopTokens,
    bool IgnoreEos)
{
    /// <summary>Writes a request's options, whose seed is known.</summary>
    public static string Write(AnswerOptions options)
    {
        var sampling = options.Sampling;
        var stored = new StoredOptions(
            options.Choices, options.MaxTokens, sampling.Seed ?? 0, sampling.Temperature, sampling.TopK, sampling.TopP, sampling.MinP,
            sampling.PresencePenalty, sampling.FrequencyPenalty, sampling.RepetitionPenalty, sampling.LogitBias,
            options.StopStrings, options.StopTokens, options.IgnoreEndOfSequence);
        return JsonSerializer.Serialize(stored, PatchbayJson.Wire.StoredOptions);
    }

    /// <summary>The options again.</summary>
    public static AnswerOptions Read(string json)
    {
        var stored = JsonSerializer.Deserialize(json, PatchbayJson.Wire.StoredOptions)!;
        return new AnswerOptions
        {
            Choices = stored.Choices,
            MaxTokens = stored.MaxTokens,
            Sampling = new SamplingOptions
            {
                Seed = stored.Seed,
                Temperature = stored.Temperature,
                TopK = stored.TopK,
                TopP = stored.TopP,
                MinP = stored.MinP,
                PresencePenalty = stored.PresencePenalty,
                FrequencyPenalty = stored.FrequencyPenalty,
                RepetitionPenalty = stored.RepetitionPenalty,
                LogitBias = stored.LogitBias,
            },
            StopStrings = stored.Stop,
            StopTokens = stored.StopTokens,
            IgnoreEndOfSequence = stored.IgnoreEos,
        };
    }
}
