namespace Patchbay.Control.Routing;

/// <summary>An experiment: named arms that are compared, each with some of the traffic.</summary>
/// <param name="Arms">Two arms or more, none without weight; their weights sum to 100.</param>
/// <param name="Sticky">What keeps a caller on an arm.</param>
/// <param name="Salt">Mixed into the hash, so that plans with different salts split independently; null is the alias's name.</param>
/// <param name="Layout">Which keys each arm has, where that follows from an earlier plan; null is the arms in reverse order from 0.</param>
public sealed record AbPlan(IReadOnlyList<PlanArm>? Arms, Stickiness Sticky = Stickiness.User, string? Salt = null, IReadOnlyList<ArmRange>? Layout = null)
    : SplitPlan(Arms, Sticky, Salt, Layout)
{
    private protected override string Word => "ab";

    private protected override int MinArms => 2;

    private protected override void ValidateArm(PlanValidation validation, PlanArm arm, string path)
    {
        if (arm.Weight == 0)
        {
            validation.Add(path + ".weight", "must be greater than 0: an arm of an experiment without traffic tells nothing");
        }
    }
}
