using Patchbay.Control.Routing;
using Patchbay.Server.Adapters;
using Patchbay.Server.Http;

namespace Patchbay.Server.Answers;

/// <summary>The error for a list of adapters that leads to no sum.</summary>
internal static class SelectionRefused
{
    public static ApiError Describe(SelectionProblem problem, string field, AdapterService adapters)
    {
        var (part, kind) = problem;
        var named = part.Name is { } name ? $"'{(name.Length <= 160 ? name : name[..160])}'" : $"id {part.Index}";
        return (kind, part.Name) switch
        {
            (RouteKind.Base, _) => ApiError.Invalid(
                $"'{field}' names {named}, which is the base model; expected adapters, which are added to it.", field, "invalid_value"),
            (RouteKind.Adapter, _) => ApiError.Invalid(
                $"'{field}' names {named}, an adapter that is in the list already; expected each adapter once.", field, "invalid_value"),
            (_, null) => ApiError.NotFound(
                $"'{field}' names {named}, which does not exist; GET /lora-adapters lists the ids of: {ModelNotFound.List(adapters)}.", field, "model_not_found"),
            _ => ModelNotFound.Describe(kind, part.Name, adapters, field),
        };
    }
}
