using System.Text.RegularExpressions;

namespace Patchbay.Server.Judges;

/// <summary>1 where a pattern occurs in the answer, otherwise 0; takes time in proportion to the answer's length, whatever the pattern.</summary>
internal sealed class RegexJudge(string name, Regex pattern) : IAnswerJudge
{
    private const int MaxPattern = 4096;

    public string Name => name;

    /// <summary>Makes a pattern ready; null comes with what is wrong with it.</summary>
    public static Regex? TryParse(string? pattern, out string? problem)
    {
        problem = null;
        if (string.IsNullOrEmpty(pattern) || pattern.Length > MaxPattern)
        {
            problem = $"must have 1 to {MaxPattern} characters; found {pattern?.Length ?? 0}";
            return null;
        }
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            problem = "uses look-around, back-references or atomic groups, which can take any time; write it without them";
        }
        catch (ArgumentException exception)
        {
            problem = $"is no regular expression: {exception.Message}";
        }
        return null;
    }

    public ValueTask<double> ScoreAsync(JudgedAnswer answer, CancellationToken cancellation) => new(pattern.IsMatch(answer.Text) ? 1 : 0);
}
