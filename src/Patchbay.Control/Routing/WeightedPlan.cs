namespace Patchbay.Control.Routing;

/// <summary>Shares of the traffic by weight: a canary beside the stable version.</summary>
/// <param name="Arms">One arm or more; their weights sum to 100.</param>
/// <param name="Sticky">What keeps a caller on an arm.</param>
/// <param name="Salt">Mixed into the hash, so that plans with different salts split independently; null is the alias's name.</param>
/// <param name="Layout">Which keys each arm has, where that follows from an earlier plan; null is the arms in reverse order from 0.</param>
public sealed record WeightedPlan(IReadOnlyList<PlanArm>? Arms, Stickiness Sticky = Stickiness.User, string? Salt = null, IReadOnlyList<ArmRange>? Layout = null)
    : SplitPlan(Arms, Sticky, Salt, Layout)
{
    private protected override string Word => "weighted";

    private protected override int MinArms => 1;
}
