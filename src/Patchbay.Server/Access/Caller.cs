using Microsoft.AspNetCore.Http;
using Patchbay.Control.Access;

namespace Patchbay.Server.Access;

/// <summary>Who sent a request.</summary>
/// <param name="Name">The name of the key; the actor in the audit.</param>
/// <param name="Role">What the key opens.</param>
/// <param name="Tenant">Whom the key was made for; null where for none.</param>
internal sealed record Caller(string Name, Role Role, string? Tenant = null)
{
    /// <summary>Whoever reaches a server without keys, which listens on loopback only.</summary>
    public static Caller Local { get; } = new("local", Role.Admin);

    /// <summary>Whoever reaches an open endpoint of a server with keys.</summary>
    public static Caller Unknown { get; } = new("unknown", Role.Inference);

    /// <summary>The caller of this request, known once the gate has let it in.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Unknown;
}
