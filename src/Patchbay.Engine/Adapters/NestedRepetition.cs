namespace Patchbay.Engine.Adapters;

/// <summary>
/// Whether a regular expression repeats a group without bound that itself holds a repetition without bound. Python's matcher,
/// which trained the adapter, backtracks exponentially on such patterns; nobody has written one on purpose.
/// </summary>
internal static class NestedRepetition
{
    public static bool IsIn(string pattern)
    {
        // For each open group: whether a repetition without bound was seen inside.
        var groups = new Stack<bool>([false]);
        var closed = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '\\':
                    i++;
                    closed = false;
                    break;
                case '[':
                    i = EndOfSet(pattern, i);
                    closed = false;
                    break;
                case '(':
                    groups.Push(false);
                    closed = false;
                    break;
                case ')' when groups.Count > 1:
                    closed = groups.Pop();
                    Note(groups, closed);
                    break;
                default:
                    if (IsUnbounded(pattern, i))
                    {
                        if (closed)
                        {
                            return true;
                        }

                        Note(groups, true);
                    }

                    closed = false;
                    break;
            }
        }

        return false;
    }

    private static void Note(Stack<bool> groups, bool repeats) => groups.Push(groups.Pop() || repeats);

    private static bool IsUnbounded(string pattern, int i) => pattern[i] is '*' or '+'
        || (pattern[i] == '{' && pattern.IndexOf('}', i) is var end && end > 0 && pattern[end - 1] == ',');

    private static int EndOfSet(string pattern, int start)
    {
        for (var i = start + 1; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\')
            {
                i++;
            }
            else if (pattern[i] == ']' && i > start + 1)
            {
                return i;
            }
        }

        return pattern.Length;
    }
}
