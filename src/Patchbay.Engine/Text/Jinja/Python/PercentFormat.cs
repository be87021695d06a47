using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary><c>'%s is %d' % values</c></summary>
internal sealed class PercentFormat
{
    private readonly string _format;
    private readonly object? _values;
    private readonly RenderBudget _budget;
    private readonly TextBuilder _result;
    private int _position;
    private int _nextValue;

    private PercentFormat(string format, object? values, RenderBudget budget)
    {
        _format = format;
        _values = values;
        _budget = budget;
        _result = new TextBuilder(budget);
    }

    public static string Format(string format, object? values, RenderBudget budget) => new PercentFormat(format, values, budget).Run();

    private string Run()
    {
        while (_position < _format.Length)
        {
            var percent = _format.IndexOf('%', _position);
            if (percent < 0)
            {
                _result.Append(_format.AsSpan(_position));
                break;
            }

            _result.Append(_format.AsSpan(_position, percent - _position));
            _position = percent + 1;
            FormatOne();
        }

        // Python takes everything that can be indexed for a mapping, whose entries need not all be used.
        if (_values is not (DictValue or ListValue or RangeValue or UndefinedValue) && (_values is TupleValue tuple ? _nextValue < tuple.Items.Length : _nextValue == 0))
        {
            throw new JinjaException("not all arguments converted during string formatting");
        }

        return _result.ToString();
    }

    private void FormatOne()
    {
        _budget.Step();
        var key = TakeKey();
        var (isLeft, isZero, isAlternate, sign) = (false, false, false, '\0');
        for (; _position < _format.Length && _format[_position] is '-' or '0' or '#' or '+' or ' '; _position++)
        {
            switch (_format[_position])
            {
                case '-': isLeft = true; break;
                case '0': isZero = true; break;
                case '#': isAlternate = true; break;
                case '+': sign = '+'; break;
                default: sign = sign == '+' ? '+' : ' '; break;
            }
        }

        var width = TakeNumber() ?? 0;
        isLeft |= width < 0;
        long? precision = null;
        if (_position < _format.Length && _format[_position] == '.')
        {
            _position++;
            precision = Math.Max(TakeNumber() ?? 0, 0);
        }

        while (_position < _format.Length && _format[_position] is 'l' or 'h' or 'L')
        {
            _position++;
        }

        var type = _position < _format.Length ? _format[_position++] : throw new JinjaException("incomplete format");
        if (type == '%')
        {
            _result.Append('%');
            return;
        }

        var isNumber = type is not ('s' or 'r' or 'a' or 'c');
        _result.Append(Convert(type, Take(key), new FormatSpecification
        {
            Fill = isZero && !isLeft && isNumber ? "0" : " ",
            Align = isLeft ? '<' : isZero && isNumber ? '=' : '>',
            Sign = sign,
            IsAlternate = isAlternate,
            Width = Math.Abs(width),
            Precision = precision,
        }));
    }

    private string Convert(char type, object? value, FormatSpecification specification)
    {
        switch (type)
        {
            case 's':
                return specification.FormatText(PythonFormat.Str(value, _budget), _budget);
            case 'r' or 'a':
                return specification.FormatText(PythonFormat.Repr(value, _budget), _budget);
            case 'c':
                return PythonText.Of(value) is { } text
                    ? PythonText.Length(text) == 1 ? specification.FormatText(text, _budget) : throw new JinjaException("%c requires int or char")
                    : (specification with { Type = 'c', Precision = null }).FormatInteger(Integer(type, value), _budget);
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o':
                var integer = (specification with { Type = type is 'i' or 'u' ? 'd' : type, Precision = null }).FormatInteger(Integer(type, value), _budget);
                return integer;
            case 'f' or 'F' or 'e' or 'E' or 'g' or 'G':
                return PythonNumber.IsNumber(value)
                    ? (specification with { Type = type }).FormatFloat(PythonNumber.ToDouble(value), _budget)
                    : throw new JinjaException($"must be real number, not {TypeName.Of(value)}");
            default:
                throw new JinjaException($"unsupported format character '{type}' (0x{(int)type:x}) at index {_position - 1}");
        }
    }

    private static System.Numerics.BigInteger Integer(char type, object? value)
    {
        if (value is double number && type is 'd' or 'i' or 'u')
        {
            value = PythonNumber.Truncate(number);
        }

        return PythonNumber.IsInteger(value)
            ? PythonNumber.ToBig(value)
            : throw new JinjaException($"%{type} format: a real number is required, not {TypeName.Of(value)}");
    }

    private string? TakeKey()
    {
        if (_position >= _format.Length || _format[_position] != '(')
        {
            return null;
        }

        var end = _format.IndexOf(')', _position);
        if (end < 0)
        {
            throw new JinjaException("incomplete format key");
        }

        var key = _format[(_position + 1)..end];
        _position = end + 1;
        return key;
    }

    private long? TakeNumber()
    {
        if (_position < _format.Length && _format[_position] == '*')
        {
            _position++;
            return Math.Clamp(PythonNumber.ToIndex(Take(null)), -int.MaxValue, int.MaxValue);
        }

        long? value = null;
        for (; _position < _format.Length && char.IsAsciiDigit(_format[_position]); _position++)
        {
            value = Math.Min(((value ?? 0) * 10) + (_format[_position] - '0'), int.MaxValue);
        }

        return value;
    }

    private object? Take(string? key)
    {
        if (key is not null)
        {
            _budget.Key(key);
            return _values is not DictValue dict ? throw new JinjaException("format requires a mapping")
                : dict.TryGet(key, out var value) ? value
                : throw new JinjaException(PythonFormat.Repr(key));
        }

        var index = _nextValue++;
        return _values is TupleValue tuple
            ? index < tuple.Items.Length ? tuple.Items[index] : throw new JinjaException("not enough arguments for format string")
            : index == 0 ? _values : throw new JinjaException("not enough arguments for format string");
    }
}
