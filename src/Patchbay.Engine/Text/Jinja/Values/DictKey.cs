using System.Numerics;
using Patchbay.Engine.Text.Jinja.Python;

namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>A value as a key of a dict, where 1, 1.0 and true are the same key. Throws for what Python cannot hash.</summary>
internal readonly struct DictKey : IEquatable<DictKey>
{
    private readonly object? _value;
    private readonly int _hash;

    public DictKey(object? value)
    {
        _value = value is MarkupValue markup ? markup.Text : value;
        _hash = Hash(_value, 0);
    }

    public bool Equals(DictKey other) => _hash == other._hash && Equality.AreKeysEqual(_value, other._value);

    public override bool Equals(object? obj) => obj is DictKey other && Equals(other);

    public override int GetHashCode() => _hash;

    private static int Hash(object? value, int depth) => value switch
    {
        string text => text.GetHashCode(),
        null => 0,
        bool flag => flag ? 1 : 0,
        long number => number.GetHashCode(),
        BigInteger number => number.GetHashCode(),
        double number when number == Math.Floor(number) && Math.Abs(number) < 1e18 => ((long)number).GetHashCode(),
        double number when number == Math.Floor(number) && !double.IsInfinity(number) => new BigInteger(number).GetHashCode(),
        double number => number.GetHashCode(),
        TupleValue tuple when depth < 32 => HashItems(tuple, depth),
        ListValue or DictValue or DictViewValue => throw new JinjaException($"unhashable type: '{TypeName.Of(value)}'"),
        UndefinedValue => 7,
        TupleValue => throw new JinjaException("a tuple used as a key is nested too deeply"),
        RangeValue range => HashCode.Combine(range.Start, range.Count, range.Step),
        _ => value.GetHashCode(),
    };

    private static int HashItems(TupleValue tuple, int depth)
    {
        var hash = default(HashCode);
        foreach (var item in tuple.Items)
        {
            hash.Add(Hash(item is MarkupValue markup ? markup.Text : item, depth + 1));
        }

        return hash.ToHashCode();
    }
}
