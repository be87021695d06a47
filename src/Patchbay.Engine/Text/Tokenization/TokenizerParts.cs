using Patchbay.Engine.Text.Tokenization.Decoders;
using Patchbay.Engine.Text.Tokenization.Normalizers;
using Patchbay.Engine.Text.Tokenization.PreTokenizers;

namespace Patchbay.Engine.Text.Tokenization;

/// <summary>What a tokenizer is made of, whatever file it came from.</summary>
internal sealed record TokenizerParts
{
    public required Vocabulary Vocabulary { get; init; }

    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>Null leaves the text as it is.</summary>
    public Normalizer? Normalizer { get; init; }

    /// <summary>The first of the steps that end with the model.</summary>
    public required PieceStage Pieces { get; init; }

    public required TokenDecoder Decoder { get; init; }

    public SpecialFrame Frame { get; init; } = SpecialFrame.None;
}
