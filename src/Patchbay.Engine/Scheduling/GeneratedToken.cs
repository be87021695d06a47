namespace Patchbay.Engine;

/// <summary>One generated token. The last one of a generation carries the reason for the end.</summary>
/// <param name="Id">The token.</param>
/// <param name="Finish">Why the generation ends with this token, or <see cref="FinishReason.None"/>.</param>
/// <param name="LogProbabilities">Of this token and its alternatives, if the request asked for them.</param>
public readonly record struct GeneratedToken(int Id, FinishReason Finish, TokenLogProbabilities? LogProbabilities);

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>The model ended its answer, or a stop token or stop string came.</summary>
    Stop,

    /// <summary>The token limit or the context length is reached.</summary>
    Length,
}
