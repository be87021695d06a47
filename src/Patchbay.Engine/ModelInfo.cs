namespace Patchbay.Engine;

/// <summary>What is known of the base model.</summary>
/// <param name="Name">Name of its directory or file.</param>
/// <param name="Architecture">The class that transformers would load, for example <c>Qwen3ForCausalLM</c>.</param>
/// <param name="ContextLength">Longest sequence in tokens.</param>
/// <param name="VocabularySize">Length of a row of logits.</param>
/// <param name="EndOfSequenceTokens">Tokens that end an answer.</param>
/// <param name="AdaptableModules">Names of the modules that adapters can change.</param>
public sealed record ModelInfo(
    string Name,
    string Architecture,
    int ContextLength,
    int VocabularySize,
    IReadOnlyList<int> EndOfSequenceTokens,
    IReadOnlyList<string> AdaptableModules);
