namespace Patchbay.Engine.Text.Tokenization;

/// <summary>The special tokens that a model expects around a text.</summary>
internal sealed record SpecialFrame(int[] Prefix, int[] Suffix)
{
    public static SpecialFrame None { get; } = new([], []);

    /// <summary>This frame with another one around it.</summary>
    public SpecialFrame Within(SpecialFrame outer) => new([.. outer.Prefix, .. Prefix], [.. Suffix, .. outer.Suffix]);
}
