using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>The tensors of one targeted module, their names and shapes checked.</summary>
/// <param name="Module">The module.</param>
/// <param name="A">(r, in); of an embedding (r, count).</param>
/// <param name="B">(out, r).</param>
/// <param name="Scale">alpha / r, or alpha / √r with rsLoRA.</param>
internal sealed record LoraTensors(AdaptableModule Module, TensorView A, TensorView B, float Scale)
{
    /// <summary>(out), with DoRA.</summary>
    public TensorView? Magnitude { get; init; }

    /// <summary>(out), with a bias of B.</summary>
    public TensorView? Bias { get; init; }

    /// <summary>(r), with KaSA.</summary>
    public TensorView? Diagonal { get; init; }

    /// <summary>How many blocks A consists of.</summary>
    public int BlocksInA { get; init; } = 1;

    public int BlocksInB { get; init; } = 1;

    public int Rank => (int)A.Shape[0];

    /// <param name="module">The module.</param>
    /// <param name="path">What patterns are matched against.</param>
    /// <param name="outputs">Outputs of the module as the adapter has it.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="tensors">The file.</param>
    /// <exception cref="AdapterRefusedException">A tensor is missing or has another shape.</exception>
    public static LoraTensors Take(AdaptableModule module, string path, int outputs, PeftConfig config, AdapterTensors tensors)
    {
        var (rank, scale) = config.RankAndScale(path);
        var reason = $"{AdapterFiles.ConfigFile} targets {module.Path}";
        if (module.Kind == ModuleKind.Embedding)
        {
            return TakeEmbedding(module, rank, scale, outputs, config, tensors);
        }

        var inputs = module.Weight.Columns;
        var (inA, inB) = config.Blocks?.DivisorsOf(module, rank) ?? (1, 1);
        var why = $"rank {rank} on a module of {inputs} inputs and {outputs} outputs, by r and rank_pattern";
        var a = tensors.Take($"{module.Path}.lora_A.weight", [rank, inputs / inA], reason, why);
        var b = tensors.Take($"{module.Path}.lora_B.weight", [outputs, rank / inB], reason, why);
        return new LoraTensors(module, a, b, scale)
        {
            Magnitude = config.UseDora ? TakeMagnitude(module, outputs, tensors, why) : null,
            Bias = config.UseLoraBias ? tensors.Take($"{module.Path}.lora_B.bias", [outputs], "lora_bias needs a lora_B.bias for every target", why) : null,
            Diagonal = config.UseKasa ? tensors.Take($"{module.Path}.lora_diag", [rank], "kasa_config needs a lora_diag for every target", why) : null,
            BlocksInA = inA,
            BlocksInB = inB,
        };
    }

    private static LoraTensors TakeEmbedding(
        AdaptableModule module, int rank, float scale, int count, PeftConfig config, AdapterTensors tensors)
    {
        if (config.UseLoraBias || config.UseKasa || config.Blocks is not null)
        {
            throw new AdapterRefusedException(
                $"{AdapterFiles.ConfigFile}: target_modules: {module.Path} is an embedding, which lora_bias, kasa_config and use_bdlora do not apply to.");
        }

        var width = module.Weight.Columns;
        var reason = $"{AdapterFiles.ConfigFile} targets {module.Path}";
        var why = $"rank {rank} on an embedding of {count} rows and {width} columns, by r and rank_pattern";
        var a = tensors.Take($"{module.Path}.lora_embedding_A", [rank, count], reason, why);
        var b = tensors.Take($"{module.Path}.lora_embedding_B", [width, rank], reason, why);
        return new LoraTensors(module, a, b, scale) { Magnitude = config.UseDora ? TakeMagnitude(module, width, tensors, why) : null };
    }

    private static TensorView TakeMagnitude(AdaptableModule module, int outputs, AdapterTensors tensors, string why)
    {
        // PEFT up to 0.8 stored magnitudes as the weight of a module.
        var old = $"{module.Path}.lora_magnitude_vector.weight";
        return tensors.Take(
            tensors.Has(old) ? old : $"{module.Path}.lora_magnitude_vector",
            [outputs],
            "use_dora needs a lora_magnitude_vector for every target",
            why);
    }
}
