using System.Text;
using Microsoft.AspNetCore.Http;
using Patchbay.Server.Adapters;

namespace Patchbay.Server.Answers;

/// <summary>The headers that say which adapter version answers.</summary>
internal static class AnswerHeaders
{
    public static void Write(HttpContext context, AnsweringModel model)
    {
        var headers = context.Response.Headers;
        headers["x-adapter"] = Ascii.IsValid(model.Label) ? model.Label : Uri.EscapeDataString(model.Label);
        headers["x-adapter-generation"] = model.Generation;
        if (model.Arm is { } arm)
        {
            headers["x-adapter-arm"] = arm;
        }
        if (model.Digest is { } digest)
        {
            headers["x-adapter-digest"] = digest;
        }
    }
}
