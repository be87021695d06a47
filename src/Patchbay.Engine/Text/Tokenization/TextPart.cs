namespace Patchbay.Engine.Text.Tokenization;

/// <summary>A range of a text that is one added token, or plain text (id -1).</summary>
internal readonly record struct TextPart(int Start, int End, int Id);
