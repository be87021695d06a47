namespace Patchbay.Engine.Text.Tokenization.Models;

/// <summary>Two tokens that become one.</summary>
internal readonly record struct Merge(int Left, int Right, int Merged);
