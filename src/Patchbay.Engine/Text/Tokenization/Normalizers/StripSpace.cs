namespace Patchbay.Engine.Text.Tokenization.Normalizers;

/// <summary>Drops white space at the ends.</summary>
internal sealed class StripSpace(bool left, bool right) : Normalizer
{
    public override string Normalize(string text) => (left, right) switch
    {
        (true, true) => text.Trim(),
        (true, false) => text.TrimStart(),
        (false, true) => text.TrimEnd(),
        _ => text,
    };
}
