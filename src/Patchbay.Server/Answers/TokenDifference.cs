namespace Patchbay.Server.Answers;

/// <summary>How far two answers agree, token by token.</summary>
internal static class TokenDifference
{
    /// <summary>Compares two answers.</summary>
    /// <returns>The first place at which they differ, null where they are equal; and the share of the longer one's places that hold the same token in both.</returns>
    public static (int? First, double Agreement) Of(IReadOnlyList<int> one, IReadOnlyList<int> other)
    {
        var (shorter, longer) = (Math.Min(one.Count, other.Count), Math.Max(one.Count, other.Count));
        int? first = null;
        var same = 0;
        for (var i = 0; i < shorter; i++)
        {
            if (one[i] == other[i])
            {
                same++;
                continue;
            }
            first ??= i;
        }
        return (first ?? (shorter == longer ? null : shorter), longer == 0 ? 1 : (double)same / longer);
    }
}
