using System.Text.Json;

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
        var count = root.ValueKind == JsonValueKind.Object ? (long)CountPrompts(root) * CountChoices(root) : 1;
        return count >= 1 && count <= most ? (int)count : 1;
    }

    private static int CountChoices(JsonElement root) =>
        root.TryGetProperty("n"u8, out var n) && n.ValueKind == JsonValueKind.Number && n.TryGetInt32(out var count) ? count : 1;

    // An array of numbers is one prompt in tokens.
    private static int CountPrompts(JsonElement root) =>
        root.TryGetProperty("prompt"u8, out var prompt) && prompt.ValueKind == JsonValueKind.Array
        && prompt.GetArrayLength() is > 0 and var length && prompt[0].ValueKind != JsonValueKind.Number
            ? length
            : 1;
}
