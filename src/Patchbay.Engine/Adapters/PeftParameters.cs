using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>The tensors of one targeted stacked parameter, their names and shapes checked.</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="A">(experts·r, in), the ranks of one expert next to each other.</param>
/// <param name="B">(out, r·experts), the experts of one rank next to each other.</param>
/// <param name="Rank">r of one expert.</param>
/// <param name="Scale">alpha / r, or alpha / √r with rsLoRA.</param>
internal sealed record StackedTensors(StackedParameter Parameter, TensorView A, TensorView B, int Rank, float Scale);

/// <summary>
/// What <c>target_parameters</c> names (PEFT <c>tuners_utils._inject_parameters</c>): stacked parameters of experts, or the
/// weight of a module that is adapted like any other. Where several parameters of one module are targeted, PEFT wraps the module
/// once for each, in the order in which the module has them: the first one's tensors are stored under <c>base_layer</c> as often
/// as wrappers lie around it.
/// </summary>
internal static class PeftParameters
{
    private const string ConfigFile = AdapterFiles.ConfigFile;

    /// <summary>The modules whose weight is named, in the order of the table.</summary>
    /// <exception cref="AdapterRefusedException">A name matches neither a module's weight nor a stacked parameter.</exception>
    public static List<AdaptableModule> Modules(PeftConfig config, ModuleTable modules)
    {
        foreach (var name in config.Parameters)
        {
            if (!modules.Parameters.Any(parameter => EndsWithName(parameter.Path, name))
                && !modules.Modules.Any(module => module is { IsTarget: true, IsTransposed: false, Kind: ModuleKind.Linear } && EndsWithName(WeightPath(module), name)))
            {
                throw new AdapterRefusedException(
                    $"{ConfigFile}: target_parameters: the base model has no parameter named {name} that can be adapted; it has {Known(modules)}.");
            }
        }

        return [.. modules.Modules.Where(module =>
            module is { IsTarget: true, IsTransposed: false, Kind: ModuleKind.Linear } && config.Parameters.Any(name => EndsWithName(WeightPath(module), name)))];
    }

    /// <summary>What patterns of ranks are matched against for a module that <c>target_parameters</c> names.</summary>
    public static string WeightPath(AdaptableModule module) => $"{module.Path}.weight";

    /// <summary>Takes the tensors of every stacked parameter that is named.</summary>
    /// <exception cref="AdapterRefusedException">A tensor is missing or has another shape.</exception>
    public static List<StackedTensors> Take(PeftConfig config, ModuleTable modules, AdapterTensors tensors)
    {
        var taken = new List<StackedTensors>();
        var targets = modules.Parameters.Where(parameter => config.Parameters.Any(name => EndsWithName(parameter.Path, name)));
        foreach (var module in targets.GroupBy(parameter => parameter.ModulePath))
        {
            var wrapped = module.ToList();
            for (var i = 0; i < wrapped.Count; i++)
            {
                var nesting = string.Concat(Enumerable.Repeat(".base_layer", wrapped.Count - 1 - i));
                taken.Add(Take(config, wrapped[i], module.Key + nesting, tensors));
            }
        }

        return taken;
    }

    private static StackedTensors Take(PeftConfig config, StackedParameter parameter, string name, AdapterTensors tensors)
    {
        var (rank, scale) = config.RankAndScale(parameter.Path);
        var experts = parameter.Experts.Count;
        var why = $"rank {rank} on {experts} experts of {parameter.Inputs} inputs and {parameter.Outputs} outputs, by r and rank_pattern for {parameter.Path}";
        var a = tensors.Take($"{name}.lora_A.weight", [experts * rank, parameter.Inputs], $"{ConfigFile} targets {parameter.Path}", why);
        var b = tensors.Take($"{name}.lora_B.weight", [parameter.Outputs, rank * experts], $"{ConfigFile} targets {parameter.Path}", why);
        return new StackedTensors(parameter, a, b, rank, scale);
    }

    private static string Known(ModuleTable modules) => string.Join(", ", modules.Parameters.Select(parameter => parameter.Name)
        .Concat(modules.Modules.Where(module => module is { IsTarget: true, IsTransposed: false, Kind: ModuleKind.Linear }).Select(module => $"{module.Leaf}.weight"))
        .Distinct());

    private static bool EndsWithName(string path, string name) => path == name || path.EndsWith($".{name}", StringComparison.Ordinal);
}
