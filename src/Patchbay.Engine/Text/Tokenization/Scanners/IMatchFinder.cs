namespace Patchbay.Engine.Text.Tokenization.Scanners;

/// <summary>Finds all matches of a pattern in a text: those of a scanner or of a regular expression.</summary>
internal interface IMatchFinder
{
    /// <summary>Appends the matches from left to right; they do not overlap.</summary>
    void FindAll(ReadOnlySpan<char> text, List<(int Start, int End)> matches);
}
