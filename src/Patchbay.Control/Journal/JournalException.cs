namespace Patchbay.Control.Journal;

/// <summary>A journal that cannot be opened, read or written; the message says which and what to do, and names no path.</summary>
public class JournalException : Exception
{
    /// <summary>Says what failed.</summary>
    public JournalException(string message, Exception? cause = null) : base(message, cause)
    {
    }
}

/// <summary>Somebody else changed the documents since they were loaded; nothing was written.</summary>
public sealed class JournalConflictException : JournalException
{
    /// <summary>Says which revision was expected and found.</summary>
    public JournalConflictException(long expected, long found)
        : base($"The journal is at revision {found}; expected {expected}.")
    {
    }
}
