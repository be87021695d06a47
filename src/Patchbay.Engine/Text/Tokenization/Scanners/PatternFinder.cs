using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>
/// All matches of a regular expression that a tokenizer file brings along. .NET matches UTF-16 units where the original matches
/// characters; so each character beyond the first plane is replaced, for the search, by one unit of the same category.
/// </summary>
internal sealed class PatternFinder : IMatchFinder
{
    private const int LongestPattern = 4096;

    // A search of one text; a file whose pattern needs longer is hostile.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    // Written differently in the original's dialect (Oniguruma): nested classes, intersections, POSIX names.
    private static readonly string[] OtherDialect = ["[:", "&&", "-[", "\\h", "\\R", "\\X", "\\K", "\\g", "(?>", "++", "*+", "?+"];

    private readonly Regex _regex;
    private readonly string _field;

    public PatternFinder(string pattern, string field)
    {
        _field = field;
        if (pattern.Length is 0 or > LongestPattern)
        {
            throw new InvalidDataException($"{field}: expected a pattern of 1 to {LongestPattern} characters, found {pattern.Length}.");
        }

        if (OtherDialect.FirstOrDefault(part => pattern.Contains(part, StringComparison.Ordinal)) is { } part)
        {
            throw new InvalidDataException($"{field}: expected a pattern that means the same to .NET, found '{part}' in it.");
        }

        if (pattern.Any(char.IsSurrogate))
        {
            throw new InvalidDataException($"{field}: expected characters below U+10000 in the pattern, found one above.");
        }

        _regex = Compile(pattern, field);
    }

    public void FindAll(ReadOnlySpan<char> text, List<(int Start, int End)> matches)
    {
        var shadow = text;
        int[]? origins = null;
        if (text.ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            (shadow, origins) = MakeShadow(text);
        }

        try
        {
            foreach (var match in _regex.EnumerateMatches(shadow))
            {
                var (start, end) = (match.Index, match.Index + match.Length);
                matches.Add(origins is null ? (start, end) : (origins[start], origins[end]));
            }
        }
        catch (RegexMatchTimeoutException)
        {
            throw new InvalidDataException(
                $"{_field}: expected a pattern that searches a text in {Limit.TotalSeconds} s, found one that takes longer.");
        }
    }

    private static Regex Compile(string pattern, string field)
    {
        // ^ and $ are those of lines in the original.
        const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.Multiline;
        try
        {
            try
            {
                return new Regex(pattern, Options | RegexOptions.NonBacktracking, Limit);
            }
            catch (NotSupportedException)
            {
                return new Regex(pattern, Options, Limit);
            }
        }
        catch (RegexParseException exception)
        {
            throw new InvalidDataException(
                $"{field}: expected a regular expression, found {exception.Error} at character {exception.Offset}.");
        }
    }

    private static (char[] Shadow, int[] Origins) MakeShadow(ReadOnlySpan<char> text)
    {
        var shadow = new List<char>(text.Length);
        var origins = new List<int>(text.Length + 1);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            shadow.Add(rune.IsBmp ? (char)rune.Value : Representative(Rune.GetUnicodeCategory(rune)));
            origins.Add(at);
            at += rune.Utf16SequenceLength;
        }

        origins.Add(at);
        return ([.. shadow], [.. origins]);
    }

    /// <summary>A character of the category that no known pattern names literally.</summary>
    private static char Representative(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u0410',
        UnicodeCategory.LowercaseLetter => '\u0430',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\u05D0',
        UnicodeCategory.NonSpacingMark => '\u0301',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u20DD',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u00B2',
        UnicodeCategory.ConnectorPunctuation => '\u203F',
        UnicodeCategory.DashPunctuation => '\u2010',
        UnicodeCategory.OpenPunctuation => '\u2045',
        UnicodeCategory.ClosePunctuation => '\u2046',
        UnicodeCategory.InitialQuotePunctuation => '\u2039',
        UnicodeCategory.FinalQuotePunctuation => '\u203A',
        UnicodeCategory.OtherPunctuation => '\u2020',
        UnicodeCategory.MathSymbol => '\u2044',
        UnicodeCategory.CurrencySymbol => '\u20AC',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u263A',
        UnicodeCategory.Format => '\u2060',
        _ => '\uE000',
    };
}
