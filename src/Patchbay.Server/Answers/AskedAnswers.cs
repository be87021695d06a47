using System.Text.Json;
using Patchbay.Server.Http;

namespace Patchbay.Server.Answers;

/// <summary>
/// How many answers a body asks for, told from its shape alone, so that their places in the queue are taken before its text is looked at;
/// 1 where it cannot be told or is more than is allowed, which is refused with a reason when the body is read.
/// </summary>
internal static class AskedAnswers
{
    /// <summary>Of completions and chat completions: <c>n</c> for each prompt.</summary>
    /// <param name="root">The body.</param>
    /// <param name="most">Most answers of one request.</param>
    public static int Count(JsonElement root, int most)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return 1;
        }
        var (choices, prompts) = (CountChoices(root), CountPrompts(root));
        return choices >= 1 && choices <= most / prompts ? (int)choices * prompts : 1;
    }

    // As the body is read: 2.0 is a whole number too.
    private static long CountChoices(JsonElement root) =>
        root.TryGetProperty("n"u8, out var n) && RequestFields.TryGetWhole(n, out var count) ? count : 1;

    // An array of numbers is one prompt in tokens.
    private static int CountPrompts(JsonElement root) =>
        root.TryGetProperty("prompt"u8, out var prompt) && prompt.ValueKind == JsonValueKind.Array
        && prompt.GetArrayLength() is > 0 and var length && prompt[0].ValueKind != JsonValueKind.Number
            ? length
            : 1;
}
