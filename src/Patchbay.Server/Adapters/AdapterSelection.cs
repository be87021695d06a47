namespace Patchbay.Server.Adapters;

/// <summary>Adapters that a request adds up instead of naming one model, in the order in which they are added.</summary>
/// <param name="Field">The field that named them, for errors.</param>
/// <param name="Parts">The adapters; none is the base model.</param>
internal sealed record AdapterSelection(string Field, IReadOnlyList<SelectedAdapter> Parts);

/// <summary>One adapter of a selection: by name, or by its place in the list of <c>GET /lora-adapters</c>.</summary>
/// <param name="Name">As <c>model</c> would name it; null where <paramref name="Index"/> decides.</param>
/// <param name="Index">From 0, in the order of names.</param>
/// <param name="Weight">What its change of the weights is multiplied by; finite.</param>
internal readonly record struct SelectedAdapter(string? Name, int Index, float Weight);
