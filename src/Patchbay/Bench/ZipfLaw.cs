namespace Patchbay.Bench;

/// <summary>Draws numbers of which the n-th is n times as rare as the first, as the use of words and of adapters is.</summary>
/// <param name="count">Numbers are from 0 to this, exclusive.</param>
/// <param name="seed">The same seed draws the same numbers.</param>
internal sealed class ZipfLaw(int count, int seed)
{
    private readonly Random _random = new(seed);
    private readonly double _total = Enumerable.Range(1, count).Sum(rank => 1.0 / rank);

    public int Next()
    {
        var rest = _random.NextDouble() * _total;
        var number = 0;
        while (number < count - 1 && (rest -= 1.0 / (number + 1)) > 0)
        {
            number++;
        }
        return number;
    }
}
