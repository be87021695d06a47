using Patchbay.Control.Residency;
using Patchbay.Control.Routing;
using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>What a request's model string or selection led to: what answers, or one of three reasons why nothing does.</summary>
/// <param name="Model">Null where nothing answers.</param>
/// <param name="Kind">What a model string led to; says why where it led nowhere.</param>
internal sealed record AcquiredModel(AnsweringModel? Model, RouteKind Kind)
{
    /// <summary>What a plan chose and could not be had, so that the alias's own version answers; null where nothing was missed.</summary>
    public RoutedAdapter? Missed { get; init; }

    /// <summary>Why a selection leads to no sum.</summary>
    public SelectionProblem? Problem { get; init; }

    /// <summary>Why a version that exists cannot be had now.</summary>
    public Acquisition<AdapterLease>? Refusal { get; init; }
}
