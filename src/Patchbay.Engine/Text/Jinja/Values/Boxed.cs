using System.Numerics;

namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>
/// Boxes for the values made most often. Inside the interpreter a value is a plain object: null is None, then bool,
/// long or <see cref="BigInteger"/> (never a BigInteger that fits a long), double, string, and the types of this folder.
/// </summary>
internal static class Boxed
{
    public static readonly object True = true;
    public static readonly object False = false;

    private const int SmallestCached = -16;
    private static readonly object[] s_small = [.. Enumerable.Range(SmallestCached, 272).Select(value => (object)(long)value)];

    public static object Bool(bool value) => value ? True : False;

    public static object Integer(long value)
    {
        var index = value - SmallestCached;
        return (ulong)index < (ulong)s_small.Length ? s_small[index] : value;
    }

    public static object Integer(BigInteger value) =>
        value >= long.MinValue && value <= long.MaxValue ? Integer((long)value) : value;
}
