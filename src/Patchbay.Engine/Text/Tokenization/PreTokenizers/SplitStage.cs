using Patchbay.Engine.Text.Tokenization.Scanners;

namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>Cuts at the matches of a pattern in any of the ways that tokenizer.json knows.</summary>
/// <param name="isInverted">Takes what the pattern does not match for its matches.</param>
internal sealed class SplitStage(IMatchFinder finder, SplitBehavior behavior, bool isInverted, PieceStage next) : PieceStage
{
    public override void Push(ReadOnlySpan<char> piece, bool isAtStart, List<int> ids)
    {
        var parts = new List<Part>();
        Cut(piece, parts);
        foreach (var part in Arrange(parts))
        {
            if (part.End > part.Start)
            {
                next.Push(piece[part.Start..part.End], isAtStart && part.Start == 0, ids);
            }
        }
    }

    private void Cut(ReadOnlySpan<char> piece, List<Part> parts)
    {
        var matches = new List<(int Start, int End)>();
        finder.FindAll(piece, matches);
        var done = 0;
        foreach (var (start, end) in matches)
        {
            if (done < start)
            {
                parts.Add(new Part(done, start, isInverted));
            }

            parts.Add(new Part(start, end, !isInverted));
            done = end;
        }

        if (done < piece.Length)
        {
            parts.Add(new Part(done, piece.Length, isInverted));
        }
    }

    private List<Part> Arrange(List<Part> parts)
    {
        switch (behavior)
        {
            case SplitBehavior.Removed:
                parts.RemoveAll(part => part.IsMatch);
                return parts;
            case SplitBehavior.Isolated:
                return parts;
            case SplitBehavior.Contiguous:
                return Join(parts, (last, part) => last.IsMatch == part.IsMatch);
            case SplitBehavior.MergedWithPrevious:
                return Join(parts, (last, part) => part.IsMatch && !last.IsMatch);
            default:
                // The same from the other end: a match joins what follows it.
                parts.Reverse();
                var joined = Join(parts, (last, part) => part.IsMatch && !last.IsMatch);
                joined.Reverse();
                return joined;
        }
    }

    /// <summary>Joins a part to the one before it; whether it may is asked of the two parts as they were cut.</summary>
    private static List<Part> Join(List<Part> parts, Func<Part, Part, bool> joins)
    {
        var joined = new List<Part>();
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0 && joins(parts[i - 1], parts[i]))
            {
                var last = joined[^1];
                joined[^1] = last with { Start = Math.Min(last.Start, parts[i].Start), End = Math.Max(last.End, parts[i].End) };
            }
            else
            {
                joined.Add(parts[i]);
            }
        }

        return joined;
    }

    private readonly record struct Part(int Start, int End, bool IsMatch);
}
