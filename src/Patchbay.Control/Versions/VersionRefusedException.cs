namespace Patchbay.Control.Versions;

/// <summary>Why files did not become a version of the store.</summary>
public enum VersionRefusal
{
    /// <summary>A name that leaves the directory, hides or repeats another.</summary>
    Name,

    /// <summary>A link, device or anything else that is no regular file.</summary>
    Kind,

    /// <summary>More files or bytes than allowed.</summary>
    TooLarge,

    /// <summary>The archive is damaged, cut off or no archive.</summary>
    Archive,

    /// <summary>The files cannot be read, or changed while they were.</summary>
    Source,

    /// <summary>There are no files.</summary>
    Empty,

    /// <summary>The store's disk is full.</summary>
    NoRoom,

    /// <summary>The store cannot be written.</summary>
    Store,
}

/// <summary>Files that did not become a version; nothing of them is left. The message names no path of this machine.</summary>
public sealed class VersionRefusedException : Exception
{
    /// <summary>Says why in one sentence.</summary>
    public VersionRefusedException(VersionRefusal refusal, string message, Exception? cause = null)
        : base(message, cause) => Refusal = refusal;

    /// <summary>Why.</summary>
    public VersionRefusal Refusal { get; }
}
