namespace Patchbay.Engine.Text.Tokenization.PreTokenizers;

/// <summary>Where Metaspace puts a mark before a text; the names are those of tokenizer.json.</summary>
internal enum PrependScheme
{
    Always,
    Never,

    /// <summary>At the start of the whole text only.</summary>
    First,
}
