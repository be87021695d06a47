namespace Patchbay.Server.Adapters;

/// <summary>What became of a path that a caller named.</summary>
public enum AdapterPathOutcome
{
    /// <summary>It is an adapter's directory that may be read.</summary>
    Found,

    /// <summary>No directory with an adapter is there.</summary>
    NotFound,

    /// <summary>It lies outside the adapters directory, by its text or through a link.</summary>
    Outside,
}
