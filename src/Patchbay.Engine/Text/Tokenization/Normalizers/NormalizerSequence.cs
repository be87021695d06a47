namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>One normalizer after the other.</summary>
internal sealed class NormalizerSequence(Normalizer[] steps) : Normalizer
{
    // Unicode's longest decomposition has 18 characters; a file whose steps make more of a text than this is hostile.
    private const int MostGrowth = 64;
    private const int Allowance = 1024;

    public override string Normalize(string text)
    {
        var limit = ((long)text.Length * MostGrowth) + Allowance;
        var current = text;
        foreach (var step in steps)
        {
            current = current.Length == 0 ? current : step.Normalize(current);
            if (current.Length > limit)
            {
                throw new InvalidDataException(
                    $"normalizer: expected a text of {text.Length} characters to become at most {limit}, found {current.Length}.");
            }
        }

        return current;
    }
}
