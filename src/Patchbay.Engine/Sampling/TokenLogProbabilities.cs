namespace Patchbay.Engine;

/// <summary>Natural logarithms of the model's own probabilities, before penalties and temperature.</summary>
/// <param name="Chosen">Of the token that was chosen.</param>
/// <param name="Top">The likeliest tokens, best first.</param>
public sealed record TokenLogProbabilities(float Chosen, IReadOnlyList<TokenLogProbability> Top);

/// <summary>A token and the natural logarithm of its probability.</summary>
public readonly record struct TokenLogProbability(int Id, float Value);
