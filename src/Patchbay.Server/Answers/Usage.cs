namespace Patchbay.Server.Answers;

/// <summary>Token counts of a whole request.</summary>
internal readonly record struct Usage(int PromptTokens, int CompletionTokens, int CachedTokens);
