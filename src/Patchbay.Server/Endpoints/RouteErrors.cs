using Microsoft.AspNetCore.Http;
using Patchbay.Control.Routing;
using Patchbay.Server.Adapters;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>Refusals of plans and releases, with every field that is wrong.</summary>
internal static class RouteErrors
{
    public static ApiError Refused(string code, string sentence, IReadOnlyList<FieldProblem> problems) =>
        CommandErrors.Problem(
            StatusCodes.Status422UnprocessableEntity, code, $"{sentence} {string.Join(' ', problems.Select(problem => $"'{problem.Field}' {problem.Message}."))}") with
        {
            Errors = [.. problems.Select(problem => new FieldError(problem.Field, problem.Message))],
        };
}
