namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>tokenizer.ggml.token_type; the numbers are those of the file format.</summary>
internal enum GgufTokenType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}
