namespace Patchbay.Control.Journal;

/// <summary>What a document of the journal describes.</summary>
public static class DocumentKind
{
    /// <summary>Which version a name stands for; the key is the name.</summary>
    public const string Alias = "alias";

    /// <summary>What answers requests that name no model; the key is empty.</summary>
    public const string Default = "default";

    /// <summary>One version of an adapter; the key is the name, a slash and the digest.</summary>
    public const string Version = "version";

    /// <summary>Pin, priority and former releases of an adapter; the key is the name.</summary>
    public const string Adapter = "adapter";

    /// <summary>How requests for an alias are spread; the key is the alias.</summary>
    public const string Route = "route";

    /// <summary>A gradual release; the key is its id.</summary>
    public const string Release = "release";

    /// <summary>Anything else that operators set.</summary>
    public const string Setting = "setting";
}
