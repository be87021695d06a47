using System.Text.Json.Nodes;
using Patchbay.Engine.Models;

namespace Patchbay.Engine.Tests.Models;

/// <summary>A field of config.json that nobody reads is refused by name, unless it is known to change nothing.</summary>
public sealed class ConfigStrictnessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("patchbay-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("llama", "attention_temperature", "0.5")]
    [InlineData("llama", "sliding_window", "4096")]
    [InlineData("llama", "residual_multiplier", "0.2")]
    [InlineData("llama", "layer_types", "[\"full_attention\", \"full_attention\"]")]
    [InlineData("qwen2", "clip_qkv", "8.0")]
    [InlineData("mistral", "use_qk_norm", "true")]
    [InlineData("gemma2", "altup_num_inputs", "4")]
    [InlineData("phi3", "lm_head_scale", "{\"factor\": 2}")]
    [InlineData("gpt2", "alibi_slopes", "\"learned\"")]
    public void FieldThatNobodyReads_IsRefusedByName(string family, string field, string value)
    {
        Copy(family, config => config[field] = JsonNode.Parse(value));
        var exception = Assert.Throws<InvalidDataException>(() => LoadedModel.Open(_folder.FullName));
        Assert.Equal($"config.json: {field} is not known here; it may change what the model computes.", exception.Message);
    }

    [Theory]
    [InlineData("qwen2", "layer_types", "[\"full_attention\", \"sliding_attention\"]")]
    [InlineData("gemma", "hidden_activation", "\"relu\"")]
    [InlineData("cohere", "use_parallel_block", "false")]
    [InlineData("phi3", "full_attn_mod", "2")]
    [InlineData("deepseek_v3", "qk_head_dim", "32")]
    public void FieldWithAnotherMeaningThanIsApplied_IsRefusedByName(string family, string field, string value)
    {
        Copy(family, config => config[field] = JsonNode.Parse(value));
        var exception = Assert.Throws<InvalidDataException>(() => LoadedModel.Open(_folder.FullName));
        Assert.StartsWith($"config.json: {field}: expected ", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short_mscale", "1.2")]
    [InlineData("mrope_section", "[16, 24, 24]")]
    public void RotarySettingThatNobodyReads_IsRefusedByName(string field, string value)
    {
        Copy("llama_rope_yarn", config => config["rope_parameters"]![field] = JsonNode.Parse(value));
        var exception = Assert.Throws<InvalidDataException>(() => LoadedModel.Open(_folder.FullName));
        Assert.StartsWith($"config.json: {field} of the rotary settings", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("quantization_config", "{\"quant_method\": \"gptq\", \"bits\": 4}")]
    [InlineData("compression_config", "{\"format\": \"pack-quantized\"}")]
    public void QuantisedCheckpoint_IsRefusedWithWhatToDo(string field, string value)
    {
        Copy("llama", config => config[field] = JsonNode.Parse(value));
        var exception = Assert.Throws<InvalidDataException>(() => LoadedModel.Open(_folder.FullName));
        Assert.Contains("quantization_config", exception.Message, StringComparison.Ordinal);
        Assert.Contains("GGUF", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama", "{\"pretraining_tp\": 2, \"rope_scaling\": null, \"_name_or_path\": \"x/y\", \"is_llama_config\": true, \"max_length\": 20}")]
    [InlineData("llama", "{\"some_new_switch\": false, \"some_new_list\": [], \"some_new_name\": \"\", \"some_new_object\": {}, \"some_new_thing\": null}")]
    [InlineData("llama", "{\"expert_dropout\": 0.1, \"image_token_id\": 7, \"auto_map\": {\"AutoModel\": \"x\"}, \"quantization_config\": null}")]
    [InlineData("qwen2", "{\"max_window_layers\": 28, \"sliding_window\": 131072, \"use_sliding_window\": false}")]
    [InlineData("qwen3_moe", "{\"router_aux_loss_coef\": 0.001, \"output_router_logits\": true, \"max_window_layers\": 48}")]
    [InlineData("cohere2", "{\"cache_implementation\": \"hybrid\", \"order_of_interleaved_layers\": \"local_attn_first\", \"position_embedding_type\": \"rope_gptj\", \"rotary_pct\": 1.0, \"use_parallel_block\": true, \"layer_switch\": 4}")]
    [InlineData("bloom", "{\"offset_alibi\": 100, \"seq_length\": 2048, \"skip_bias_add\": true, \"attention_softmax_in_fp32\": true}")]
    [InlineData("mamba", "{\"d_model\": 48, \"rms_norm\": true, \"fused_add_norm\": true, \"ssm_cfg\": {}, \"n_layer\": 2}")]
    [InlineData("starcoder2", "{\"activation_function\": \"gelu\", \"mlp_type\": \"default\", \"norm_type\": \"layer_norm\", \"scale_attn_weights\": true}")]
    public void FieldsThatChangeNothing_AreAccepted(string family, string fields)
    {
        Copy(family, config =>
        {
            foreach (var (name, value) in JsonNode.Parse(fields)!.AsObject())
            {
                config[name] = value?.DeepClone();
            }
        });
        LoadedModel.Open(_folder.FullName).Dispose();
    }

    [Fact]
    public void RealConfiguration_IsAccepted()
    {
        var path = Fixtures.Models is null ? null : Path.Combine(Fixtures.Models, "smollm2-135m-instruct", "config.json");
        Assert.SkipUnless(File.Exists(path), "SKIPPED: the model smollm2-135m-instruct is not on this machine.");
        var real = JsonNode.Parse(File.ReadAllText(path!))!.AsObject();
        Copy("llama", config =>
        {
            foreach (var (name, value) in real.Where(field => !config.ContainsKey(field.Key)).ToList())
            {
                config[name] = value?.DeepClone();
            }
        });
        LoadedModel.Open(_folder.FullName).Dispose();
    }

    private void Copy(string family, Action<JsonObject> change)
    {
        var source = Path.Combine(Fixtures.Own, "families", family);
        foreach (var file in Directory.EnumerateFiles(source, "model*"))
        {
            File.Copy(file, Path.Combine(_folder.FullName, Path.GetFileName(file)));
        }

        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), config.ToJsonString());
    }
}
