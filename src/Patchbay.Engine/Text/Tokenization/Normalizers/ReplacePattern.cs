using System.Text;
using Patchbay.Engine.Text.Tokenization.Scanners;

namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>Replaces every match of a regular expression by a literal text.</summary>
internal sealed class ReplacePattern(PatternFinder finder, string content) : Normalizer
{
    public override string Normalize(string text)
    {
        var matches = new List<(int Start, int End)>();
        finder.FindAll(text, matches);
        var result = new StringBuilder(text.Length);
        var done = 0;
        foreach (var (start, end) in matches)
        {
            result.Append(text, done, start - done).Append(content);
            done = end;
        }

        return result.Append(text, done, text.Length - done).ToString();
    }
}
