using System.Globalization;

namespace Patchbay.Engine.Text.Jinja.Python;

/// <summary><c>strftime</c> with English names.</summary>
internal static class TimeFormat
{
    public static string Format(DateTimeOffset time, string format, RenderBudget budget)
    {
        var result = new TextBuilder(budget);
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 == format.Length)
            {
                result.Append(format[at]);
                continue;
            }

            at++;
            var flag = format[at] is '-' or '_' or '0' or '^' && at + 1 < format.Length ? format[at++] : '\0';
            var text = Field(time, format[at], budget)
                ?? throw new JinjaException($"strftime_now does not know %{format[at]}");
            result.Append(flag switch
            {
                '-' => text.Length > 1 && char.IsAsciiDigit(text[0]) ? text.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : "0" : text,
                '_' => text.Length > 1 && text[0] == '0' ? " " + text[1..] : text,
                '^' => text.ToUpperInvariant(),
                _ => text,
            });
        }

        return result.ToString();
    }

    private static string? Field(DateTimeOffset time, char field, RenderBudget budget) => field switch
    {
        'Y' => time.ToString("yyyy", CultureInfo.InvariantCulture).TrimStart('0'),
        'm' => time.ToString("MM", CultureInfo.InvariantCulture),
        'd' => time.ToString("dd", CultureInfo.InvariantCulture),
        'H' => time.ToString("HH", CultureInfo.InvariantCulture),
        'M' => time.ToString("mm", CultureInfo.InvariantCulture),
        'S' => time.ToString("ss", CultureInfo.InvariantCulture),
        'y' => time.ToString("yy", CultureInfo.InvariantCulture),
        'B' => time.ToString("MMMM", CultureInfo.InvariantCulture),
        'b' or 'h' => time.ToString("MMM", CultureInfo.InvariantCulture),
        'A' => time.ToString("dddd", CultureInfo.InvariantCulture),
        'a' => time.ToString("ddd", CultureInfo.InvariantCulture),
        'I' => time.ToString("hh", CultureInfo.InvariantCulture),
        'p' => time.Hour < 12 ? "AM" : "PM",
        'f' => time.ToString("ffffff", CultureInfo.InvariantCulture),
        'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'k' => time.Hour.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'l' => (((time.Hour + 11) % 12) + 1).ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'u' => ((((int)time.DayOfWeek + 6) % 7) + 1).ToString(CultureInfo.InvariantCulture),
        'U' => WeekFrom(time, DayOfWeek.Sunday),
        'W' => WeekFrom(time, DayOfWeek.Monday),
        'V' => ISOWeek.GetWeekOfYear(time.DateTime).ToString("00", CultureInfo.InvariantCulture),
        'G' => ISOWeek.GetYear(time.DateTime).ToString(CultureInfo.InvariantCulture),
        'C' => (time.Year / 100).ToString("00", CultureInfo.InvariantCulture),
        'F' => Format(time, "%Y-%m-%d", budget),
        'T' or 'X' => time.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
        'R' => time.ToString("HH:mm", CultureInfo.InvariantCulture),
        'D' or 'x' => time.ToString("MM/dd/yy", CultureInfo.InvariantCulture),
        'c' => Format(time, "%a %b %e %H:%M:%S %Y", budget),
        'r' => Format(time, "%I:%M:%S %p", budget),
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        // Python's datetime.now() has no zone, so it prints none.
        'z' or 'Z' => "",
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => null,
    };

    /// <summary>The week of the year, where weeks start on that day and the days before the first are week 0.</summary>
    private static string WeekFrom(DateTimeOffset time, DayOfWeek first)
    {
        var weekday = ((int)time.DayOfWeek - (int)first + 7) % 7;
        return ((time.DayOfYear + 6 - weekday) / 7).ToString("00", CultureInfo.InvariantCulture);
    }
}
