using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Patchbay.Control.Answers;
using Patchbay.Engine;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Answers;

/// <summary>
/// Makes a kept answer again: the same versions, prompt, draws and limits give the same tokens, whatever runs beside it
/// (batch invariance), on the same weights and instruction set.
/// </summary>
internal static class AnswerReplay
{
    /// <summary>Generates the answers again; exactly one of the results is null.</summary>
    /// <param name="question">With the entry's prompts and options.</param>
    public static async Task<(ReplayedAnswer? Answer, ApiError? Error)> RunAsync(
        OpenedEngine opened, AnswerEntry entry, Question question, CancellationToken aborted)
    {
        var answers = question.Prompts.Count * question.Options.Choices;
        var selection = new AdapterSelection("id", [.. entry.Parts.Select(part => new SelectedAdapter(part.Digest, 0, (float)part.Weight))]);
        var acquired = await opened.Adapters.AcquireAsync(selection, answers, aborted);
        if (acquired.Model is not { } model)
        {
            return (null, acquired.Refusal is { } refusal ? CommandErrors.From(refusal) : ApiError.WrongStatus(
                StatusCodes.Status409Conflict, "A version that made this answer is not kept any more, so it cannot be made again.", "version_not_kept"));
        }
        using (model)
        {
            try
            {
                await using var group = question.Options.MaxTokens == 0
                    ? GenerationGroup.WithoutTokens(answers)
                    : GenerationGroup.Start(opened.Engine, question.ToRequests(model, null), question.Options.StopStrings, aborted);
                var texts = Enumerable.Range(0, answers).Select(_ => new StringBuilder()).ToList();
                await foreach (var piece in group.ReadAsync())
                {
                    texts[piece.Choice].Append(piece.Delta.Text);
                }
                var whole = texts.ConvertAll(text => text.ToString());
                var hash = AnswerWatch.HashOfTexts([.. whole.Select(text => SHA256.HashData(Encoding.UTF8.GetBytes(text)))]);
                return (new ReplayedAnswer(whole, hash), null);
            }
            catch (RequestRefusedException refusal)
            {
                return (null, ApiError.From(refusal, "prompt"));
            }
        }
    }
}

/// <summary>Answers that were made again.</summary>
/// <param name="Texts">One for each choice of each prompt.</param>
/// <param name="Hash">Comparable with <see cref="AnswerEntry.TextHash"/>.</param>
internal sealed record ReplayedAnswer(IReadOnlyList<string> Texts, string Hash);
