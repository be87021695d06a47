namespace Patchbay.Engine.Text.Tokenization.Normalizers;

internal sealed class NormalizerSequence(Normalizer[] steps) : Normalizer
{
    public override string Normalize(string text) =>
        steps.Aggregate(text, (current, step) => current.Length == 0 ? current : step.Normalize(current));
}
