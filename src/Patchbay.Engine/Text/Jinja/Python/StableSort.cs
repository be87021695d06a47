namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary>
/// A merge sort. The framework's sorts wrap what a comparison throws, and a comparison here may well refuse its values.
/// </summary>
internal static class StableSort
{
    /// <summary>The items in order; equal ones stay in the order in which they came.</summary>
    public static T[] Sort<T>(T[] items, Comparison<T> compare)
    {
        var (from, to) = ((T[])items.Clone(), new T[items.Length]);
        for (var width = 1L; width < items.Length; width *= 2)
        {
            for (var start = 0L; start < items.Length; start += width * 2)
            {
                var middle = (int)Math.Min(start + width, items.Length);
                Merge(from, to, (int)start, middle, (int)Math.Min(start + (width * 2), items.Length), compare);
            }

            (from, to) = (to, from);
        }

        return from;
    }

    private static void Merge<T>(T[] from, T[] to, int start, int middle, int end, Comparison<T> compare)
    {
        var (left, right) = (start, middle);
        for (var at = start; at < end; at++)
        {
            var takeLeft = right >= end || (left < middle && compare(from[left], from[right]) <= 0);
            to[at] = takeLeft ? from[left++] : from[right++];
        }
    }
}
