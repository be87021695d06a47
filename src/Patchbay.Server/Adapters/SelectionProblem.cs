using Patchbay.Control.Routing;

namespace Patchbay.Server.Adapters;

/// <summary>Why a selection leads to no sum of adapters.</summary>
/// <param name="Part">The first adapter that is wrong.</param>
/// <param name="Kind">
/// What it led to: <see cref="RouteKind.Base"/> is no adapter, and an <see cref="RouteKind.Adapter"/> is one that was named before.
/// </param>
internal readonly record struct SelectionProblem(SelectedAdapter Part, RouteKind Kind);
