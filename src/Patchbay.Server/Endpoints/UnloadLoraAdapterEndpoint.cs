using Microsoft.AspNetCore.Http;
using Patchbay.Control;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>POST /v1/unload_lora_adapter</c> of vLLM: <c>{"lora_name"}</c>. Running answers keep the adapter to their end. An
/// adapter that answers requests which name no model stays until another is chosen.
/// </summary>
internal static class UnloadLoraAdapterEndpoint
{
    public static async Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime)
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
                else if (VllmLoraRequest.TryRead(body.Root, withPath: false, out request, out problem))
                {
                    problem = Unload(opened.Adapters, request.LoraName);
                }
                await (problem is null
                    ? VllmAnswers.WriteSuccessAsync(context, request!.LoraName, "removed")
                    : VllmAnswers.WriteErrorAsync(context, problem));
            }
            return null;
        }
        finally
        {
            runtime.End();
        }
    }

    private static VllmError? Unload(AdapterService adapters, string name)
    {
        if (name.Length == 0)
        {
            return VllmError.InvalidInput("'lora_name' needs to be provided to unload a LoRA adapter.");
        }
        return adapters.Unload(name).Outcome switch
        {
            AliasChangeOutcome.Applied => null,
            AliasChangeOutcome.AnswersDefault => VllmError.Conflict(
                $"The lora adapter '{name}' answers requests that name no model; choose another with POST /switch-lora first."),
            _ => VllmError.NotFound($"The lora adapter '{(name.Length <= 160 ? name : name[..160])}' cannot be found."),
        };
    }
}
