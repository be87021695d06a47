using Microsoft.AspNetCore.Http;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Answers;

/// <summary>
/// From what a request names to a model with leases, or to the error that its caller gets. An arm whose version could not be had
/// counts a refusal, whoever answers in its place.
/// </summary>
internal static class ModelAcquisition
{
    /// <summary>What the fields of a generating request name: a model, or adapters that are added up.</summary>
    public static async ValueTask<(AnsweringModel? Model, ApiError? Error)> RunAsync(
        HttpContext context, OpenedEngine opened, AnswerOptions options, int answers)
    {
        if (options.Adapters is not { } selection)
        {
            return await RunAsync(context, opened, options.Model, options.User, answers);
        }
        var acquired = await opened.Adapters.AcquireAsync(selection, answers, context.RequestAborted);
        return acquired.Problem is { } wrong
            ? (null, SelectionRefused.Describe(wrong, selection.Field, opened.Adapters))
            : Result(acquired, opened, null, "model");
    }

    /// <summary>What one model string names.</summary>
    /// <param name="field">The field that held it.</param>
    public static async ValueTask<(AnsweringModel? Model, ApiError? Error)> RunAsync(
        HttpContext context, OpenedEngine opened, string? model, string? user, int answers, string field = "model") =>
        Result(await opened.Adapters.AcquireAsync(model, RequestKey.Of(context, user), answers, context.RequestAborted), opened, model, field);

    private static (AnsweringModel? Model, ApiError? Error) Result(AcquiredModel acquired, OpenedEngine opened, string? model, string field)
    {
        if (acquired.Missed is { } missed)
        {
            opened.Releases.Refuse(new AnswerSource(missed.Alias.Name, missed.Alias.Digest.ToString(), "", missed.Arm, []));
        }
        return acquired switch
        {
            { Model: { } found } => (found, null),
            { Refusal: { } refusal } => (null, CommandErrors.From(refusal)),
            _ => (null, ModelNotFound.Describe(acquired.Kind, model, opened.Adapters, field)),
        };
    }
}
