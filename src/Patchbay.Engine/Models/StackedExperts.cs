using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Layers;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>
/// Experts whose checkpoint stacks them: one tensor for all experts' gates and ups, one for their downs. Adapters name the
/// tensors, not the experts.
/// </summary>
internal sealed class StackedExperts(ModelBuilder model, int count, int hidden, int width)
{
    /// <summary>For each expert (2·width, hidden): gates first, then ups.</summary>
    public required IReadOnlyList<WeightMatrix> GateUp { get; init; }

    /// <summary>The module that owns the stacked gates and ups, and the tensor's name in it.</summary>
    public required string GateUpModule { get; init; }

    public required string GateUpName { get; init; }

    /// <summary>For each expert (hidden, width).</summary>
    public required IReadOnlyList<WeightMatrix> Down { get; init; }

    public required string DownModule { get; init; }

    public required string DownName { get; init; }

    /// <summary>Whether gates and ups alternate in the tensor that adapters know.</summary>
    public bool Alternates { get; init; }

    /// <summary>(count, 2·width), gates first in each row, or null.</summary>
    public NativeBuffer? GateUpBias { get; init; }

    /// <summary>(count, hidden), or null.</summary>
    public NativeBuffer? DownBias { get; init; }

    /// <summary>Makes the experts, and tells adapters about the tensors they come from.</summary>
    public IReadOnlyList<Expert> Bind(IGatedActivation activation)
    {
        var gateUp = new List<IReadOnlyList<ParameterPart>>();
        var down = new List<IReadOnlyList<ParameterPart>>();
        var experts = new List<Expert>();
        for (var i = 0; i < count; i++)
        {
            var gate = Part($"{GateUpModule}.{GateUpName}[{i}].gate", GateUp[i].Slice(0, width));
            var up = Part($"{GateUpModule}.{GateUpName}[{i}].up", GateUp[i].Slice(width, width));
            var back = Part($"{DownModule}.{DownName}[{i}]", Down[i]);
            gateUp.Add(Alternates ? [new(gate, 0, 2), new(up, 1, 2)] : [new(gate, 0), new(up, width)]);
            down.Add([new ParameterPart(back, 0)]);
            experts.Add(new Expert(
                new Linear(gate, Bias(GateUpBias, 2 * width * i, width)),
                new Linear(up, Bias(GateUpBias, (2 * width * i) + width, width)),
                new Linear(back, Bias(DownBias, hidden * i, hidden)),
                activation));
        }

        model.Modules.Add(new StackedParameter(GateUpModule, GateUpName, hidden, 2 * width, gateUp));
        model.Modules.Add(new StackedParameter(DownModule, DownName, width, hidden, down));
        return experts;
    }

    private AdaptableModule Part(string path, WeightMatrix weight) => model.Modules.Add(path, weight, isPart: true);

    private NativeBuffer? Bias(NativeBuffer? all, int first, int length) =>
        all is null ? null : model.Tensors.Computed(all.AsSpan<float>().Slice(first, length));
}
