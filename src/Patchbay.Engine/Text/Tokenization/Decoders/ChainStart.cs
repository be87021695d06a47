namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>How a sequence begins; see <see cref="TokenDecoder.Start"/>.</summary>
internal readonly record struct ChainStart(bool IsEager, bool IsMidway);
