using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// Reads a PEFT adapter directory onto a base model:
/// <code>
/// 1. files     read and hashed once                       AdapterFiles
/// 2. config    every field known, or refused              PeftConfig
/// 3. targets   which modules of this base model           PeftPatterns
/// 4. tensors   A and B of every target, and nothing else  (here)
/// 5. deltas    copied into kernel layout, DoRA's norms    LoraDeltaFactory
/// </code>
/// Runs on any thread but the engine loop's. Nothing of the adapter is visible before the last step is done.
/// </summary>
internal static class LoraAdapterReader
{
    private const string Prefix = "base_model.model.";
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
        var targets = PeftPatterns.Targets(config, modules);
        var unused = new HashSet<string>(weights.Tensors.Keys, StringComparer.Ordinal);
        var parts = targets.ConvertAll(module => Take(module, config, weights, unused));
        if (unused.Count > 0)
        {
            throw new AdapterRefusedException(
                $"{File}: tensor {unused.Order(StringComparer.Ordinal).First()} belongs to nothing that {AdapterFiles.ConfigFile} names.");
        }

        var deltas = new LoraDelta?[modules.Modules.Count];
        try
        {
            foreach (var part in parts)
            {
                deltas[part.Module.Index] = LoraDeltaFactory.Create(part);
            }

            return new LoraAdapter(Describe(files, config, parts, deltas), deltas);
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

    private static LoraTensors Take(AdaptableModule module, PeftConfig config, SafetensorsFile weights, HashSet<string> unused)
    {
        var rank = (int)PeftPatterns.Lookup("rank_pattern", config.RankPattern, module.Path, config.Rank);
        var alpha = PeftPatterns.Lookup("alpha_pattern", config.AlphaPattern, module.Path, config.Alpha);
        var name = Prefix + module.Path;
        var a = Take($"{name}.lora_A.weight", [rank, module.Weight.Columns]);
        var b = Take($"{name}.lora_B.weight", [module.Weight.Rows, rank]);
        TensorView? magnitude = null;
        if (config.UseDora)
        {
            // PEFT up to 0.8 stored magnitudes as the weight of a module.
            var old = $"{name}.lora_magnitude_vector.weight";
            magnitude = Take(weights.Tensors.ContainsKey(old) ? old : $"{name}.lora_magnitude_vector", [module.Weight.Rows]);
        }

        var scale = config.UseRsLora ? alpha / Math.Sqrt(rank) : alpha / rank;
        return new LoraTensors(module, a, b, magnitude, (float)scale);

        TensorView Take(string tensor, long[] shape)
        {
            if (!weights.Tensors.TryGetValue(tensor, out var view))
            {
                throw new AdapterRefusedException($"{File}: tensor {tensor} is missing, though {Needs(tensor)}.");
            }

            unused.Remove(tensor);
            if (!view.Shape.AsSpan().SequenceEqual(shape))
            {
                throw new AdapterRefusedException(
                    $"{File}: tensor {tensor}: expected shape [{string.Join(", ", shape)}] (rank {rank} on a module of {module.Weight.Columns} inputs and {module.Weight.Rows} outputs, by r and rank_pattern), found {view.ShapeText}.");
            }

            if (!view.Type.IsNumeric())
            {
                throw new AdapterRefusedException($"{File}: tensor {tensor}: expected F32, F16, BF16 or F64, found {view.Type}.");
            }

            return view;
        }

        string Needs(string tensor) => tensor.Contains("magnitude", StringComparison.Ordinal)
            ? $"use_dora needs a lora_magnitude_vector for every target"
            : $"{AdapterFiles.ConfigFile} targets {module.Path}";
    }

    private static AdapterVersion Describe(AdapterFiles files, PeftConfig config, List<LoraTensors> parts, LoraDelta?[] deltas) => new(
        files.Digest,
        config.UseDora ? "DoRA" : config.UseRsLora ? "rsLoRA" : "LoRA",
        parts.Max(part => (int)part.A.Shape[0]),
        config.Alpha,
        [.. parts.Select(part => part.Module.Leaf).Distinct().Order(StringComparer.Ordinal)],
        parts.Count,
        string.Join(", ", parts.Select(part => part.A.Type.ToString()).Distinct()),
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
