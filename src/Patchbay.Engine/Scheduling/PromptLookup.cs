using System.Runtime.InteropServices;

namespace Patchbay.Engine.Scheduling;

/// <summary>
/// Guesses the next tokens of a sequence from its own: the tokens that followed the last occurrence of its last three
/// (prompt lookup, https://github.com/apoorvumang/prompt-lookup-decoding; verified as in arXiv:2304.04487). Guesses longer where
/// guesses were right, and pauses, longer each time, where they were not.
/// </summary>
internal sealed class PromptLookup
{
    /// <summary>Most tokens guessed at once.</summary>
    public const int MaxDraft = 8;

    private const int Match = 3;
    private const int MaxPause = 256;

    private readonly int[] _draft = new int[MaxDraft];
    private int _length = 3;
    private int _pause;
    private int _nextPause = 8;

    /// <summary>Guessed tokens so far, and how many of them were right.</summary>
    public (long Drafted, long Accepted) Totals { get; private set; }

    /// <summary>The guess of the last <see cref="Guess"/>.</summary>
    public ReadOnlySpan<int> Draft => _draft;

    /// <summary>Guesses at most <paramref name="limit"/> tokens; returns how many.</summary>
    public int Guess(List<int> sequence, int limit)
    {
        if (_pause > 0)
        {
            _pause--;
            return 0;
        }

        var tokens = CollectionsMarshal.AsSpan(sequence);
        limit = Math.Min(limit, _length);
        if (limit <= 0 || tokens.Length <= Match)
        {
            return 0;
        }

        var found = tokens[..^1].LastIndexOf(tokens[^Match..]);
        if (found < 0)
        {
            return 0;
        }

        // What repeats with a short period is continued beyond its end.
        for (var i = 0; i < limit; i++)
        {
            var source = found + Match + i;
            _draft[i] = source < tokens.Length ? tokens[source] : _draft[source - tokens.Length];
        }

        return limit;
    }

    /// <summary>Learns from what became of a guess.</summary>
    public void Report(int drafted, int accepted)
    {
        Totals = (Totals.Drafted + drafted, Totals.Accepted + accepted);
        if (accepted == drafted)
        {
            _length = Math.Min(MaxDraft, _length + 2);
            _nextPause = 8;
        }
        else if (4 * accepted < drafted)
        {
            _length = Math.Max(1, _length / 2);
            if (_length == 1)
            {
                _pause = _nextPause;
                _nextPause = Math.Min(MaxPause, 2 * _nextPause);
            }
        }
        else
        {
            _length = Math.Max(1, accepted);
        }
    }
}
