namespace Patchbay.Engine.Text.Tokenization;

/// <summary>What the known pre-tokenizer patterns ask of a character.</summary>
[Flags]
internal enum CharClass : ushort
{
    None = 0,

    /// <summary>\p{L}</summary>
    Letter = 1,

    /// <summary>\p{N}</summary>
    Number = 2,

    /// <summary>\p{M}</summary>
    Mark = 4,

    /// <summary>\s</summary>
    Space = 8,

    /// <summary>[\r\n]</summary>
    LineBreak = 16,

    /// <summary>\p{P}</summary>
    Punctuation = 32,

    /// <summary>\p{S}</summary>
    Symbol = 64,

    /// <summary>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</summary>
    UpperPart = 128,

    /// <summary>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</summary>
    LowerPart = 256,
}
