using System.Text;

namespace Patchbay.Engine.Sampling;

/// <summary>
/// Finds the first stop string in text that arrives in pieces. Text that may be the beginning of one is held back; text before
/// a match is passed on, the match itself and what follows is not.
/// </summary>
internal sealed class StopMatcher(IReadOnlyList<string> stops)
{
    private readonly StringBuilder _held = new();

    /// <summary>Whether a stop string was found; nothing is passed on after that.</summary>
    public bool IsMatched { get; private set; }

    /// <summary>Takes the next piece and returns what is certain to belong to the answer.</summary>
    public string Push(string piece)
    {
        if (stops.Count == 0 || IsMatched)
        {
            return IsMatched ? string.Empty : piece;
        }

        _held.Append(piece);
        var text = _held.ToString();
        var first = stops.Select(stop => text.IndexOf(stop, StringComparison.Ordinal)).Where(index => index >= 0).DefaultIfEmpty(-1).Min();
        IsMatched = first >= 0;
        var certain = IsMatched ? first : text.Length - LongestOpenEnd(text);
        _held.Remove(0, IsMatched ? text.Length : certain);
        return text[..certain];
    }

    /// <summary>What was held back at the end of an answer without a match.</summary>
    public string Flush()
    {
        var text = _held.ToString();
        _held.Clear();
        return text;
    }

    // Characters at the end of the text that begin a stop string.
    private int LongestOpenEnd(string text)
    {
        for (var length = Math.Min(text.Length, stops.Max(stop => stop.Length) - 1); length > 0; length--)
        {
            var end = text.AsSpan(text.Length - length);
            foreach (var stop in stops)
            {
                if (stop.Length > length && stop.AsSpan(0, length).SequenceEqual(end))
                {
                    return length;
                }
            }
        }

        return 0;
    }
}
