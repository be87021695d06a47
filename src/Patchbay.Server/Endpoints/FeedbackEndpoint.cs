using Microsoft.AspNetCore.Http;
using Patchbay.Control.Answers;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;
using Patchbay.Server.Releases;

namespace Patchbay.Server.Endpoints;

/// <summary><c>POST /v1/feedback</c>: how good a user found an answer. The comment is kept with the answer where prompts are, and as long.</summary>
internal static class FeedbackEndpoint
{
    private const int MaxComment = 4096;

    public static Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        var (id, comment) = (fields.Text("id"), fields.Text("comment"));
        var score = fields.Number("score", 0, 1, -1);
        if (id is null)
        {
            fields.Report("id", "'id' is missing; send the id of the answer, such as chatcmpl-….", "missing_required_parameter");
        }
        if (score < 0 && fields.Error is null)
        {
            fields.Report("score", "'score' is missing; send a number from 0 to 1.", "missing_required_parameter");
        }
        if (comment?.Length > MaxComment)
        {
            fields.Report("comment", $"'comment' has at most {MaxComment} characters.");
        }
        if (fields.Error is { } error)
        {
            return error;
        }
        switch (opened.Releases.Rate(id!, score))
        {
            case FeedbackOutcome.Unknown:
                return ApiError.NotFound("No recent answer has this id.", "id", "answer_not_found");
            case FeedbackOutcome.RatedAlready:
                return CommandErrors.Problem(StatusCodes.Status409Conflict, "rated_already", "This answer was rated before; the first rating counts.");
        }
        opened.Answers.Rate(id!, new AnswerRating(score, comment));
        var response = new FeedbackResponse(id!, true, CommentKept: comment is not null && opened.Answers.Log.KeepsPrompts);
        await context.WriteJsonAsync(StatusCodes.Status202Accepted, response, PatchbayJson.Wire.FeedbackResponse);
        return null;
    });
}
