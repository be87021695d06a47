namespace Patchbay.Engine.Tests.Architecture;

/// <summary>A group of models that LLaMA-Factory registers, and which of our families build them.</summary>
/// <param name="Name">What its models share.</param>
/// <param name="ModelTypes">The <c>model_type</c> of its models that are built here.</param>
/// <param name="Missing">What is not built here, or null: another architecture, weights that are refused, or another modality.</param>
internal sealed record LlamaFactoryGroup(string Name, string[] ModelTypes, string? Missing)
{
    public bool IsWhole => ModelTypes.Length > 0 && Missing is null;

    public bool IsPartial => ModelTypes.Length > 0 && Missing is not null;
}
