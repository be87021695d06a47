namespace Patchbay.Engine.Adapters;

/// <summary>
/// A parameter of the Hugging Face model that holds a matrix for every expert, as PEFT's <c>target_parameters</c> name it. Here
/// the experts' matrices are modules of their own; the parameter says which of its outputs are whose.
/// </summary>
/// <param name="ModulePath">The module that owns it, for example <c>model.layers.0.mlp.experts</c>.</param>
/// <param name="Name">Its name in that module, for example <c>gate_up_proj</c>.</param>
/// <param name="Inputs">Inputs of one expert's matrix as the expert applies it.</param>
/// <param name="Outputs">Outputs of one expert's matrix.</param>
/// <param name="Experts">For each expert, the modules that its outputs belong to.</param>
internal sealed record StackedParameter(
    string ModulePath, string Name, int Inputs, int Outputs, IReadOnlyList<IReadOnlyList<ParameterPart>> Experts)
{
    /// <summary>What patterns are matched against.</summary>
    public string Path => $"{ModulePath}.{Name}";
}

/// <summary>The outputs of a parameter that one module has: FirstRow, FirstRow + RowStep, … as many as the module has outputs.</summary>
/// <param name="Module">The module.</param>
/// <param name="FirstRow">The first output.</param>
/// <param name="RowStep">From one output to the next.</param>
internal readonly record struct ParameterPart(AdaptableModule Module, int FirstRow, int RowStep = 1);
