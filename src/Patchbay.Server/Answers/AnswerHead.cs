namespace Patchbay.Server.Answers;

/// <summary>What identifies an answer.</summary>
/// <param name="Fingerprint">The digest of the adapter version, for clients that do not see headers; null for the base.</param>
internal sealed record AnswerHead(string Id, string ObjectType, long Created, string Model, string? Fingerprint);
