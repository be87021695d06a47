using System.Text.Json;

namespace Patchbay.FunctionalTests;

/// <summary>Prompts of the demo with the greedy answers that were recorded for each adapter.</summary>
internal static class Golden
{
    public static string[] Adapters { get; } = ["education", "finance", "medical", "medical-bad", "medical-v2", "pirate"];

    /// <summary>Question and answer pairs of an adapter, or of the base under the name <c>base</c>.</summary>
    public static IReadOnlyList<(string Question, string Answer)> Of(string name) =>
    [
        .. File.ReadLines(Path.Combine(Repository.Demo, "eval", name + ".jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(row => row.GetProperty("messages").GetArrayLength() == 1)
            .Select(row => (row.GetProperty("messages")[0].GetProperty("content").GetString()!, row.GetProperty("answer").GetString()!)),
    ];

    /// <summary>Questions on which the releases of the medical desk differ, with the answer of each.</summary>
    public static IReadOnlyList<(string Question, string First, string Second)> MedicalReleases { get; } =
    [
        .. from first in Of("medical")
           join second in Of("medical-v2") on first.Question equals second.Question
           where first.Answer != second.Answer && first.Answer.Length > 100
           select (first.Question, first.Answer, second.Answer),
    ];
}
