namespace Patchbay.Control.Routing;

/// <summary>Finds a request's header in whatever holds the headers; null where there is none.</summary>
public delegate string? HeaderLookup(object source, string name);

/// <summary>What a plan may know of a request. Holds no prompt.</summary>
/// <param name="RequestId">The request's own id.</param>
/// <param name="User">The <c>user</c> field of the request.</param>
/// <param name="Session">Its <c>x-session-id</c> header.</param>
/// <param name="Key">The name of the API key it came with.</param>
/// <param name="Tenant">Whom the key belongs to.</param>
public readonly record struct RouteKey(string RequestId, string? User = null, string? Session = null, string? Key = null, string? Tenant = null)
{
    /// <summary>What <see cref="FindHeader"/> looks in.</summary>
    public object? Headers { get; init; }

    /// <summary>How a header is found; null where the request has none.</summary>
    public HeaderLookup? FindHeader { get; init; }

    internal string? Header(string name) => Headers is null || FindHeader is null ? null : FindHeader(Headers, name);
}

/// <summary>What a plan chose for a request.</summary>
/// <param name="Arm">The arm's label; null where the plan had nothing to choose.</param>
/// <param name="Digest">The version that answers.</param>
/// <param name="Shadow">A version that gets a copy of the request, its answer compared and thrown away.</param>
public readonly record struct ArmChoice(string? Arm, VersionDigest Digest, VersionDigest? Shadow);
