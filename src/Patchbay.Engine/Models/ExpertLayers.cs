using Patchbay.Engine.Adapters;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>
/// Binds the experts of a layer, however a checkpoint stores them. Adapters name them in two ways: one matrix of one expert by
/// its name in the checkpoint (files made before transformers 5), or the parameter that transformers 5 stacks them in.
/// </summary>
internal static class ExpertLayers
{
    /// <summary>Experts stored one by one as <c>stored.number.gate.weight</c> and so on.</summary>
    /// <param name="model">The builder.</param>
    /// <param name="path">The module that stacks them in transformers 5, for example <c>model.layers.0.mlp.experts</c>.</param>
    /// <param name="count">Number of experts.</param>
    /// <param name="width">Inner values of an expert.</param>
    /// <param name="names">How the checkpoint calls them.</param>
    public static IReadOnlyList<Expert> OneByOne(ModelBuilder model, string path, int count, int width, ExpertNames names)
    {
        var activation = model.Activation();
        var hidden = model.Config.HiddenSize;
        var gateUp = new List<IReadOnlyList<ParameterPart>>();
        var down = new List<IReadOnlyList<ParameterPart>>();
        var experts = new List<Expert>();
        for (var i = 0; i < count; i++)
        {
            var gate = model.Module($"{names.Path}.{i}.{names.Gate}", hidden, width);
            var up = model.Module($"{names.Path}.{i}.{names.Up}", hidden, width);
            var back = model.Module($"{names.Path}.{i}.{names.Down}", width, hidden);
            gateUp.Add([new ParameterPart(gate, 0), new ParameterPart(up, width)]);
            down.Add([new ParameterPart(back, 0)]);
            experts.Add(new Expert(new Linear(gate), new Linear(up), new Linear(back), activation));
        }

        model.Modules.Add(new StackedParameter(path, "gate_up_proj", hidden, 2 * width, gateUp));
        model.Modules.Add(new StackedParameter(path, "down_proj", width, hidden, down));
        return experts;
    }
}

/// <summary>Names of experts that are stored one by one.</summary>
/// <param name="Path">What stands before an expert's number, for example <c>model.layers.0.mlp.experts</c>.</param>
internal sealed record ExpertNames(string Path)
{
    public string Gate { get; init; } = "gate_proj";

    public string Up { get; init; } = "up_proj";

    public string Down { get; init; } = "down_proj";
}
