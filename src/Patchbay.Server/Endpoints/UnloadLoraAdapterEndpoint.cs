using Microsoft.AspNetCore.Http;
using Patchbay.Control;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>POST /v1/unload_lora_adapter</c> of vLLM: <c>{"lora_name"}</c>. Running answers keep the adapter to their end. An
/// adapter that answers requests which name no model stays until another is chosen.
/// </summary>
internal static class UnloadLoraAdapterEndpoint
{
    public static Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime) => VllmLoraCall.HandleAsync(
        context, runtime, withPath: false, "removed", UnloadAsync);

    private static async Task<VllmError?> UnloadAsync(OpenedEngine opened, VllmLoraRequest request, CommandOrigin origin, CancellationToken aborted)
    {
        var name = request.LoraName;
        if (name.Length == 0)
        {
            return VllmError.InvalidInput("'lora_name' needs to be provided to unload a LoRA adapter.");
        }
        var answer = await opened.Commands.RemoveAsync(name, null, origin, aborted);
        return answer.Error switch
        {
            null => null,
            { Code: "answers_default" } => VllmError.Conflict(
                $"The lora adapter '{name}' answers requests that name no model; choose another with POST /switch-lora first."),
            { Code: "adapter_not_found" } => VllmError.NotFound($"The lora adapter '{(name.Length <= 160 ? name : name[..160])}' cannot be found."),
            var other => VllmError.Conflict(other.Message),
        };
    }
}
