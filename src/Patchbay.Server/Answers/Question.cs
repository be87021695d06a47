using System.Security.Cryptography;

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
    /// <summary>The same with a seed drawn for it where it names none, so that its answers can be made again.</summary>
    public Question WithSeed() => Options.Sampling.Seed is not null ? this : this with
    {
        Options = Options with
        {
            Sampling = Options.Sampling with { Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) },
        },
    };
}
