namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>What a byte-pair model does beside merging.</summary>
internal sealed record BpeOptions
{
    /// <summary>Pieces are taken as UTF-8 bytes, each written as one character of <see cref="ByteAlphabet"/>.</summary>
    public bool IsByteLevel { get; init; }

    /// <summary>A piece that is a token as it stands becomes that token, whatever the merges say.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>A character outside the vocabulary becomes the tokens of its bytes.</summary>
    public bool FallsBackToBytes { get; init; }

    /// <summary>For characters outside the vocabulary; -1 drops them.</summary>
    public int UnknownId { get; init; } = -1;

    /// <summary>Unknown characters in a row become one token.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>Written before every character but the first of a piece.</summary>
    public string ContinuingPrefix { get; init; } = "";

    /// <summary>Written behind the last character of a piece.</summary>
    public string EndSuffix { get; init; } = "";
}
