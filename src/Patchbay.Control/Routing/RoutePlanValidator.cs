namespace Patchbay.Control.Routing;

/// <summary>Something wrong in what was sent, and where.</summary>
/// <param name="Field">The path of the field, such as <c>plan.arms[1].weight</c>.</param>
/// <param name="Message">What was expected and what was found.</param>
public sealed record FieldProblem(string Field, string Message);

/// <summary>Says everything that is wrong with a plan, at once. Knows no versions itself.</summary>
public static class RoutePlanValidator
{
    /// <summary>Every problem of a plan; none means that it can be compiled.</summary>
    /// <param name="isKnown">Whether a version exists.</param>
    /// <param name="path">What the plan's field is called where it was sent.</param>
    public static IReadOnlyList<FieldProblem> Validate(RoutePlan? plan, Func<VersionDigest, bool> isKnown, string path = "plan")
    {
        var validation = new PlanValidation(isKnown);
        validation.CheckPlan(plan, path);
        return validation.Problems;
    }
}
