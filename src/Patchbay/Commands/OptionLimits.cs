using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Patchbay.Commands;

/// <summary>Which numbers options take; anything else is refused with the option's name. A comma is no part of a number: some take it for a decimal point.</summary>
internal static class OptionLimits
{
    /// <summary>Takes numbers that are not less.</summary>
    public static void TakeAtLeast<T>(this Option<T> option, T least)
        where T : struct, INumber<T>, IMinMaxValue<T> => option.TakeFrom(least, T.MaxValue);

    /// <summary>Takes numbers between the two, and them.</summary>
    public static void TakeFrom<T>(this Option<T> option, T least, T most)
        where T : struct, INumber<T>, IMinMaxValue<T> =>
        option.CustomParser = argument => argument.Tokens is [var token] ? Read(option.Name, argument, token, least, most) : default;

    /// <summary>The same for each of several.</summary>
    public static void TakeEachAtLeast<T>(this Option<T[]> option, T least)
        where T : struct, INumber<T>, IMinMaxValue<T> =>
        option.CustomParser = argument => [.. argument.Tokens.Select(token => Read(option.Name, argument, token, least, T.MaxValue))];

    private static T Read<T>(string name, ArgumentResult argument, Token token, T least, T most)
        where T : struct, INumber<T>, IMinMaxValue<T>
    {
        if (!T.TryParse(token.Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || !(number >= least && number <= most))
        {
            var expected = most == T.MaxValue ? $"{least} or more" : string.Create(CultureInfo.InvariantCulture, $"from {least} to {most}");
            argument.AddError($"{name} must be {expected}; found '{token.Value}'.");
        }
        return number;
    }
}
