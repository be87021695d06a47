namespace Patchbay.Control.Routing;

/// <summary>One of several versions among which a plan splits the traffic.</summary>
/// <param name="Name">The label in headers, metrics and reports.</param>
/// <param name="Digest">The version, or <see cref="RoutePlan.Current"/>.</param>
/// <param name="Weight">The share of keys, in percent.</param>
public sealed record PlanArm(string? Name, string? Digest, double Weight);

/// <summary>A part of the range [0, 1) of hashed keys that belongs to one arm.</summary>
public sealed record ArmRange(string Arm, double From, double To);

/// <summary>What keeps a caller on an arm.</summary>
public enum Stickiness
{
    /// <summary>The <c>user</c> of a request; without one, its session.</summary>
    User,

    /// <summary>The <c>x-session-id</c> of a request; without one, its user.</summary>
    Session,

    /// <summary>Nothing: each request is drawn by its own id.</summary>
    None,
}
