using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// Reads a PEFT adapter directory onto a base model:
/// <code>
/// 1. files     read and hashed once                       AdapterFiles
/// 2. config    every field known, or refused              PeftConfig
/// 3. targets   which modules of this base model           PeftPatterns, PeftParameters
/// 4. tensors   A and B of every target, and nothing else  AdapterTensors
/// 5. deltas    copied into kernel layout, DoRA's norms    LoraDeltaFactory
/// </code>
/// Runs on any thread but the engine loop's. Nothing of the adapter is visible before the last step is done.
/// </summary>
internal static class LoraAdapterReader
{
    private const string File = AdapterFiles.WeightsFile;

    /// <exception cref="AdapterRefusedException">Something in it is broken, does not fit the base model, or is not applied exactly.</exception>
    public static LoraAdapter Read(string directory, ModuleTable modules)
    {
        using var files = AdapterFiles.Read(directory);
        var config = PeftConfig.Parse(files.Config);
        using var weights = ParseWeights(files);
        return Bind(files, config, weights, modules);
    }

    private static unsafe SafetensorsFile ParseWeights(AdapterFiles files)
    {
        try
        {
            return SafetensorsFile.Parse(files.Weights.Data, files.Weights.Length, File, owner: null);
        }
        catch (InvalidDataException exception)
        {
            throw new AdapterRefusedException(exception.Message, exception);
        }
    }

    private static LoraAdapter Bind(AdapterFiles files, PeftConfig config, SafetensorsFile weights, ModuleTable modules)
    {
        var tensors = new AdapterTensors(weights);
        var parts = PeftPatterns.Targets(config, modules).ConvertAll(module => Take(module, module.Path, config, tensors));
        parts.AddRange(PeftParameters.Modules(config, modules).Select(module => Take(module, PeftParameters.WeightPath(module), config, tensors)));
        var stacked = PeftParameters.Take(config, modules, tensors);
        tensors.RefuseUnused();
        var deltas = new LoraDelta?[modules.Modules.Count];
        try
        {
            foreach (var part in parts)
            {
                if (deltas[part.Module.Index] is not null)
                {
                    throw new AdapterRefusedException(
                        $"{AdapterFiles.ConfigFile}: {part.Module.Path} is named by target_modules and by target_parameters; expected one of them.");
                }

                deltas[part.Module.Index] = LoraDeltaFactory.Create(part);
            }

            stacked.ForEach(part => StackedDeltaFactory.Create(part, deltas));
            return new LoraAdapter(Describe(files, config, parts, stacked, deltas), deltas);
        }
        catch
        {
            foreach (var delta in deltas)
            {
                delta?.Dispose();
            }

            throw;
        }
    }

    /// <param name="module">The module.</param>
    /// <param name="path">What patterns are matched against.</param>
    private static LoraTensors Take(AdaptableModule module, string path, PeftConfig config, AdapterTensors tensors)
    {
        var (rank, scale) = config.RankAndScale(path);
        var (inputs, outputs) = (module.Weight.Columns, module.Weight.Rows);
        var why = $"rank {rank} on a module of {inputs} inputs and {outputs} outputs, by r and rank_pattern";
        var a = tensors.Take($"{module.Path}.lora_A.weight", [rank, inputs], module.Path, why);
        var b = tensors.Take($"{module.Path}.lora_B.weight", [outputs, rank], module.Path, why);
        TensorView? magnitude = null;
        if (config.UseDora)
        {
            // PEFT up to 0.8 stored magnitudes as the weight of a module.
            var old = $"{module.Path}.lora_magnitude_vector.weight";
            magnitude = tensors.Take(tensors.Has(old) ? old : $"{module.Path}.lora_magnitude_vector", [outputs], module.Path, why);
        }

        return new LoraTensors(module, a, b, magnitude, scale);
    }

    private static AdapterVersion Describe(
        AdapterFiles files, PeftConfig config, List<LoraTensors> parts, List<StackedTensors> stacked, LoraDelta?[] deltas) => new(
        files.Digest,
        config.UseDora ? "DoRA" : config.UseRsLora ? "rsLoRA" : "LoRA",
        deltas.Max(delta => delta?.Rank ?? 0),
        config.Alpha,
        [.. parts.Select(part => part.Module.Leaf).Concat(stacked.Select(part => part.Parameter.Name)).Distinct().Order(StringComparer.Ordinal)],
        parts.Count + stacked.Count,
        string.Join(", ", parts.Select(part => part.A).Concat(stacked.Select(part => part.A)).Select(a => a.Type.ToString()).Distinct()),
        files.TotalBytes,
        deltas.Sum(delta => delta?.ByteLength ?? 0),
        config.BaseModel);
}

/// <summary>The tensors of one targeted module, their names and shapes checked.</summary>
/// <param name="Module">The module.</param>
/// <param name="A">(r, in).</param>
/// <param name="B">(out, r).</param>
/// <param name="Magnitude">(out), with DoRA.</param>
/// <param name="Scale">alpha / r, or alpha / √r with rsLoRA.</param>
internal sealed record LoraTensors(AdaptableModule Module, TensorView A, TensorView B, TensorView? Magnitude, float Scale);
