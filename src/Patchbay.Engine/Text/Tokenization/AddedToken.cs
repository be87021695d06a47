namespace Patchbay.Engine.Text.Tokenization;

/// <summary>A token that is recognised in the text before anything else looks at it (Hugging Face tokenizers, AddedToken).</summary>
/// <param name="Content">The text that stands for the token.</param>
/// <param name="IsSpecial">Left out of decoded text on request, and taken as plain text when a caller's text must not control the model.</param>
/// <param name="IsSingleWord">Only where no word character touches it.</param>
/// <param name="StripsLeft">Takes the white space before it along.</param>
/// <param name="StripsRight">Takes the white space behind it along.</param>
/// <param name="IsNormalized">Searched in the normalized text instead of the original.</param>
internal sealed record AddedToken(
    int Id,
    string Content,
    bool IsSpecial,
    bool IsSingleWord = false,
    bool StripsLeft = false,
    bool StripsRight = false,
    bool IsNormalized = false);
