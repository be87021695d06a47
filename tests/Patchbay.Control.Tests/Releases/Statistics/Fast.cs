namespace Patchbay.Control.Tests.Releases.Statistics;

/// <summary>SplitMix64: a seeded generator cheap enough for tens of millions of draws.</summary>
internal sealed class Fast(int seed)
{
    private ulong _state = (ulong)seed * 0xD1342543DE82EF95 + 0x9E3779B97F4A7C15;

    public double Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
