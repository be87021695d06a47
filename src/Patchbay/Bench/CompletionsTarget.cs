namespace Patchbay.Bench;

/// <summary>A server, and how requests name its model and adapters.</summary>
/// <param name="Address">Where it listens, without <c>/v1</c>.</param>
/// <param name="Model">The base model's name in requests; null sends none.</param>
/// <param name="Adapters">What <c>model</c> says for each adapter, as vLLM, SGLang and this server have it.</param>
/// <param name="LoraIds">What <c>lora</c> says for each adapter, as llama-server has it; used instead of names where there are any.</param>
internal sealed record CompletionsTarget(Uri Address, string? Model, IReadOnlyList<string> Adapters, IReadOnlyList<int> LoraIds)
{
    /// <summary>How many adapters requests can choose between.</summary>
    public int AdapterCount => LoraIds.Count > 0 ? LoraIds.Count : Adapters.Count;
}
