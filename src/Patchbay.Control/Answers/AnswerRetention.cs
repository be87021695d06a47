namespace Patchbay.Control.Answers;

/// <summary>How long answers and prompts are kept.</summary>
/// <param name="MaxEntries">Most answers; the oldest go first.</param>
/// <param name="Prompts">How long what users wrote, prompts and comments, is kept beside them; zero keeps none.</param>
public sealed record AnswerRetention(int MaxEntries, TimeSpan Prompts)
{
    /// <summary>A million answers, no prompts.</summary>
    public static AnswerRetention Default { get; } = new(1_000_000, TimeSpan.Zero);
}
