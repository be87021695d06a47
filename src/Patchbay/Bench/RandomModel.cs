using System.Globalization;
using System.Text.Json;

namespace Patchbay.Bench;

/// <summary>Writes checkpoints and adapters of a shape, with random values small enough that activations stay finite.</summary>
internal static class RandomModel
{
    private const float WeightSpread = 0.035f;
    private const int AdapterAlpha = 32;

    /// <summary>A Hugging Face directory: config.json, model.safetensors (bfloat16), tokenizer.json.</summary>
    public static void WriteBase(ModelShape shape, string directory, ulong seed)
    {
        Directory.CreateDirectory(directory);
        RandomTensors.Write(Path.Combine(directory, "model.safetensors"), Tensors(shape), seed);
        ByteTokenizerFile.Write(Path.Combine(directory, "tokenizer.json"), shape.Vocabulary);
        using var file = File.Create(Path.Combine(directory, "config.json"));
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        WriteConfig(json, shape);
    }

    /// <summary>A PEFT directory: LoRA on every linear module, in bfloat16.</summary>
    public static void WriteAdapter(ModelShape shape, string directory, int rank, ulong seed)
    {
        Directory.CreateDirectory(directory);
        var tensors = new List<RandomTensor>();
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            foreach (var (path, inputs, outputs) in shape.Modules)
            {
                var module = string.Create(CultureInfo.InvariantCulture, $"base_model.model.model.layers.{layer}.{path}");
                tensors.Add(new($"{module}.lora_A.weight", [rank, inputs], 1 / MathF.Sqrt(inputs)));
                tensors.Add(new($"{module}.lora_B.weight", [outputs, rank], 0.01f));
            }
        }
        RandomTensors.Write(Path.Combine(directory, "adapter_model.safetensors"), tensors, seed);
        using var file = File.Create(Path.Combine(directory, "adapter_config.json"));
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("peft_type"u8, "LORA"u8);
        json.WriteString("task_type"u8, "CAUSAL_LM"u8);
        json.WriteString("base_model_name_or_path"u8, shape.Name);
        json.WriteNumber("r"u8, rank);
        json.WriteNumber("lora_alpha"u8, AdapterAlpha);
        json.WriteStartArray("target_modules"u8);
        foreach (var (path, _, _) in shape.Modules)
        {
            json.WriteStringValue(path.Split('.')[1]);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The rank whose adapter file comes closest to a size, within what kernels are made for.</summary>
    public static int RankFor(ModelShape shape, long bytes)
    {
        var bytesPerRank = sizeof(ushort) * shape.Layers * shape.Modules.Sum(module => (long)module.Inputs + module.Outputs);
        return (int)Math.Clamp(Math.Round((double)bytes / bytesPerRank), 1, 256);
    }

    private static List<RandomTensor> Tensors(ModelShape shape)
    {
        var tensors = new List<RandomTensor> { new("model.embed_tokens.weight", [shape.Vocabulary, shape.Hidden], WeightSpread) };
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            var prefix = string.Create(CultureInfo.InvariantCulture, $"model.layers.{layer}");
            tensors.Add(new($"{prefix}.input_layernorm.weight", [shape.Hidden], 0.1f, 1));
            tensors.Add(new($"{prefix}.post_attention_layernorm.weight", [shape.Hidden], 0.1f, 1));
            tensors.AddRange(shape.Modules.Select(module => new RandomTensor($"{prefix}.{module.Path}.weight", [module.Outputs, module.Inputs], WeightSpread)));
            if (shape.HasBiases)
            {
                tensors.AddRange(shape.Modules.Take(3).Select(module => new RandomTensor($"{prefix}.{module.Path}.bias", [module.Outputs], 0.1f)));
            }
            if (shape.HasHeadNorms)
            {
                tensors.Add(new($"{prefix}.self_attn.q_norm.weight", [shape.HeadDim], 0.1f, 1));
                tensors.Add(new($"{prefix}.self_attn.k_norm.weight", [shape.HeadDim], 0.1f, 1));
            }
        }
        tensors.Add(new("model.norm.weight", [shape.Hidden], 0.1f, 1));
        return tensors;
    }

    private static void WriteConfig(Utf8JsonWriter json, ModelShape shape)
    {
        json.WriteStartObject();
        json.WriteStartArray("architectures"u8);
        json.WriteStringValue(shape.Architecture);
        json.WriteEndArray();
        json.WriteString("model_type"u8, shape.Family);
        json.WriteString("hidden_act"u8, "silu"u8);
        json.WriteNumber("hidden_size"u8, shape.Hidden);
        json.WriteNumber("intermediate_size"u8, shape.Intermediate);
        json.WriteNumber("num_hidden_layers"u8, shape.Layers);
        json.WriteNumber("num_attention_heads"u8, shape.Heads);
        json.WriteNumber("num_key_value_heads"u8, shape.KvHeads);
        json.WriteNumber("head_dim"u8, shape.HeadDim);
        json.WriteNumber("vocab_size"u8, shape.Vocabulary);
        json.WriteNumber("max_position_embeddings"u8, shape.Context);
        json.WriteNumber("rms_norm_eps"u8, shape.NormEpsilon);
        json.WriteNumber("rope_theta"u8, shape.RotaryBase);
        if (shape.HasLlama3Rotary)
        {
            // The same in every Llama 3.2 model of 1B and 3B.
            json.WriteStartObject("rope_scaling"u8);
            json.WriteString("rope_type"u8, "llama3"u8);
            json.WriteNumber("factor"u8, 32.0);
            json.WriteNumber("low_freq_factor"u8, 1.0);
            json.WriteNumber("high_freq_factor"u8, 4.0);
            json.WriteNumber("original_max_position_embeddings"u8, 8192);
            json.WriteEndObject();
        }
        json.WriteBoolean("tie_word_embeddings"u8, true);
        json.WriteString("torch_dtype"u8, "bfloat16"u8);
        json.WriteEndObject();
    }
}
