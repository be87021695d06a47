using System.Text.Json.Serialization;

namespace Patchbay.Control.Routing;

/// <summary>
/// What an alias points to: one version, or a rule that chooses among several. What the operator wrote, as JSON; immutable.
/// Knows neither requests nor figures: <see cref="CompiledPlan"/> chooses.
/// </summary>
/// <remarks>A new policy is one file with a record like the others and its line here.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(FixedPlan), "fixed")]
[JsonDerivedType(typeof(WeightedPlan), "weighted")]
[JsonDerivedType(typeof(AbPlan), "ab")]
[JsonDerivedType(typeof(ShadowPlan), "shadow")]
[JsonDerivedType(typeof(RulesPlan), "rules")]
public abstract record RoutePlan
{
    /// <summary>The digest that means the alias's own version, whichever that is when a request comes.</summary>
    public const string Current = "current";

    private protected RoutePlan()
    {
    }

    /// <summary>The word that stands for this policy in JSON.</summary>
    [JsonIgnore]
    public string Kind => Word;

    private protected abstract string Word { get; }

    internal abstract void Validate(PlanValidation validation, string path);

    internal abstract PlanNode Compile(PlanCompilation compilation);

    /// <summary>The same plan, its arms laid out so that as few keys as possible leave the arm they had under <paramref name="previous"/>.</summary>
    public virtual RoutePlan After(RoutePlan? previous) => this;
}
