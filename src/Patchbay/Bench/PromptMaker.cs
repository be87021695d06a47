namespace Patchbay.Bench;

/// <summary>Random prompts, the same in every run. No two begin alike, so a prefix cache finds nothing.</summary>
/// <param name="vocabulary">Tokens of the model.</param>
internal sealed class PromptMaker(int vocabulary)
{
    // Special tokens are the first or the last ones in nearly every vocabulary.
    private readonly int _first = vocabulary / 16;
    private readonly int _end = vocabulary - (vocabulary / 16);
    private readonly Random _random = new(20_261_124);

    public int[] Next(int length) => [.. Enumerable.Range(0, length).Select(_ => _random.Next(_first, _end))];
}
