using Microsoft.AspNetCore.Http;
using Patchbay.Control;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>POST /v1/load_lora_adapter</c> of vLLM: <c>{"lora_name", "lora_path", "load_inplace"?}</c>. Unlike vLLM's, a
/// replacement never touches a running answer, and paths end at the adapters directory.
/// </summary>
internal static class LoadLoraAdapterEndpoint
{
    public static Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime) =>
        VllmLoraCall.HandleAsync(context, runtime, withPath: true, "added", LoadAsync);

    private static async Task<VllmError?> LoadAsync(OpenedEngine opened, VllmLoraRequest request, CommandOrigin origin, CancellationToken aborted)
    {
        var adapters = opened.Adapters;
        if (Check(adapters, request) is { } problem)
        {
            return problem;
        }
        switch (adapters.Directory.Resolve(request.LoraPath, out var path))
        {
            case AdapterPathOutcome.Outside:
                return VllmError.InvalidInput(
                    "'lora_path' must be a directory inside the server's adapters directory; the operator can lift this with --allow-adapter-paths.");
            case AdapterPathOutcome.NotFound:
                return VllmError.NotFound($"Loading lora {request.LoraName} failed: No adapter found for {Mention(request.LoraPath)}");
        }
        // A name that is not to be replaced must be new: generation 0.
        var wish = new UploadWish(ExpectedGeneration: request.LoadInplace ? null : 0);
        var answer = await opened.Commands.AddDirectoryAsync(request.LoraName, path, wish, origin, aborted);
        return answer.Error switch
        {
            null => null,
            { Code: "generation_mismatch" } => AlreadyLoaded(request.LoraName),
            { Status: StatusCodes.Status400BadRequest } wrong => VllmError.InvalidInput(wrong.Message),
            var failed => VllmError.Internal($"Loading lora {request.LoraName} failed: {failed.Message}"),
        };
    }

    private static VllmError? Check(AdapterService adapters, VllmLoraRequest request)
    {
        if (request.LoraName.Length == 0 || request.LoraPath.Length == 0)
        {
            return VllmError.InvalidInput("Both 'lora_name' and 'lora_path' must be provided.");
        }
        if (request.LoraName == adapters.BaseName)
        {
            return VllmError.InvalidInput($"The lora adapter '{request.LoraName}' conflicts with a served base model.");
        }
        if (AdapterName.FindProblem(request.LoraName, adapters.BaseName) is { } problem)
        {
            return VllmError.InvalidInput(problem);
        }
        return !request.LoadInplace && adapters.Aliases.TryGet(request.LoraName, out _) ? AlreadyLoaded(request.LoraName) : null;
    }

    private static VllmError AlreadyLoaded(string name) => VllmError.InvalidInput(
        $"The lora adapter '{name}' has already been loaded. If you want to load the adapter in place, set 'load_inplace' to True.");

    // vLLM names a hub-like path and hides an absolute one.
    private static string Mention(string path) => Path.IsPathRooted(path) ? "<path>" : path.Length <= 160 ? path : path[..160];
}
