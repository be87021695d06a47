using Microsoft.AspNetCore.Http;
using Patchbay.Control;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>What vLLM's two adapter routes have in common: reading the body, and answering in vLLM's words.</summary>
internal static class VllmLoraCall
{
    /// <param name="withPath">Whether the body names a path.</param>
    /// <param name="verb">What the answer says was done.</param>
    /// <param name="act">Does it, or says why not.</param>
    public static async Task<ApiError?> HandleAsync(
        HttpContext context,
        PatchbayRuntime runtime,
        bool withPath,
        string verb,
        Func<OpenedEngine, VllmLoraRequest, CommandOrigin, CancellationToken, Task<VllmError?>> act)
    {
        if (!runtime.TryBegin(out var opened, out var unavailable))
        {
            return unavailable;
        }
        try
        {
            var (body, error) = await RequestBody.ReadAsync(context, runtime.Options.MaxRequestBytes);
            using (body)
            {
                VllmLoraRequest? request = null;
                VllmError? problem = null;
                if (body is null)
                {
                    problem = VllmAnswers.Convert(error!);
                }
                else if (VllmLoraRequest.TryRead(body.Root, withPath, out request, out problem))
                {
                    problem = await act(opened, request, RequestOrigin.Of(context), context.RequestAborted);
                }
                await (problem is null
                    ? VllmAnswers.WriteSuccessAsync(context, request!.LoraName, verb)
                    : VllmAnswers.WriteErrorAsync(context, problem));
            }
            return null;
        }
        finally
        {
            runtime.End();
        }
    }
}
