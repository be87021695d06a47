using System.Text.Json.Nodes;

namespace Patchbay.Engine.Models;

/// <summary>What the configurations of single architectures hold beside the fields that all share.</summary>
internal static class GgufFields
{
    public static void None(GgufMetadata metadata, JsonObject config)
    {
    }

    /// <summary>Llama's two switches, by the tensors that are there.</summary>
    public static void Biases(GgufMetadata metadata, JsonObject config)
    {
        AttentionBias(metadata, config);
        config["mlp_bias"] = metadata.HasTensor("blk.0.ffn_up.bias");
    }

    public static void AttentionBias(GgufMetadata metadata, JsonObject config) =>
        config["attention_bias"] = metadata.HasTensor("blk.0.attn_q.bias");

    public static void Cohere(GgufMetadata metadata, JsonObject config)
    {
        config["logit_scale"] = metadata.Number("logit_scale");
        config["use_qk_norm"] = metadata.HasTensor("blk.0.attn_q_norm.weight");
    }

    public static void Falcon(GgufMetadata metadata, JsonObject config)
    {
        RequireGroups(metadata, config);
        var kvHeads = config["num_key_value_heads"]!.GetValue<long>();
        config["multi_query"] = kvHeads == 1;
        if (kvHeads != 1 && kvHeads != config["num_attention_heads"]!.GetValue<long>())
        {
            throw metadata.Refuse("attention.head_count_kv", "1 or as many as there are heads", $"{kvHeads}");
        }

        Rename(config, "num_key_value_heads", null);
    }

    public static void FalconNew(GgufMetadata metadata, JsonObject config)
    {
        RequireGroups(metadata, config);
        config["new_decoder_architecture"] = true;
        Rename(config, "num_key_value_heads", "num_kv_heads");
    }

    public static void Gemma2(GgufMetadata metadata, JsonObject config)
    {
        Gemma(metadata, config, largest: 46);
        config["attn_logit_softcapping"] = metadata.Number("attn_logit_softcapping");
        config["final_logit_softcapping"] = metadata.Number("final_logit_softcapping");
    }

    public static void Gemma3(GgufMetadata metadata, JsonObject config)
    {
        Gemma(metadata, config, largest: 62);
        config["rope_local_base_freq"] = metadata.Number("rope.freq_base_swa", 10000);
        if (metadata.Find("rope.freq_base") is null)
        {
            config["rope_theta"] = 1_000_000;
        }

        if (metadata.Find("final_logit_softcapping") is { } cap)
        {
            config["final_logit_softcapping"] = cap.AsNumber();
        }
    }

    public static void Gpt2(GgufMetadata metadata, JsonObject config)
    {
        Rename(config, "intermediate_size", "n_inner");
        Rename(config, "num_key_value_heads", null);
        Rename(config, "rope_theta", null);
    }

    public static void GptNeoX(GgufMetadata metadata, JsonObject config)
    {
        Rename(config, "num_key_value_heads", null);
        config["use_parallel_residual"] = metadata.Get("use_parallel_residual").AsBoolean();
        config["attention_bias"] = metadata.HasTensor("blk.0.attn_qkv.bias");
    }

    public static void Granite(GgufMetadata metadata, JsonObject config)
    {
        Biases(metadata, config);
        config["attention_multiplier"] = metadata.Number("attention.scale");
        config["embedding_multiplier"] = metadata.Number("embedding_scale");
        config["residual_multiplier"] = metadata.Number("residual_scale");
        config["logits_scaling"] = metadata.Number("logit_scale");
    }

    public static void Mixtral(GgufMetadata metadata, JsonObject config)
    {
        config["num_local_experts"] = metadata.Whole("expert_count");
        config["num_experts_per_tok"] = metadata.Whole("expert_used_count");
    }

    // Phi-3's window is in newer files only; older ones leave open whether there is one.
    public static void Phi3(GgufMetadata metadata, JsonObject config) => config["sliding_window"] = metadata.Whole("attention.sliding_window");

    public static void Qwen2Moe(GgufMetadata metadata, JsonObject config)
    {
        QwenExperts(metadata, config);
        config["shared_expert_intermediate_size"] = metadata.Whole("expert_shared_feed_forward_length");
        config["norm_topk_prob"] = false;
    }

    public static void Qwen3Moe(GgufMetadata metadata, JsonObject config)
    {
        QwenExperts(metadata, config);
        config["norm_topk_prob"] = true;
    }

    // The converter takes a missing switch as set, so what counts is whether there is a norm before the second branch.
    public static void StableLm(GgufMetadata metadata, JsonObject config)
    {
        config["use_parallel_residual"] = !metadata.HasTensor("blk.0.ffn_norm.weight");
        config["use_qkv_bias"] = metadata.HasTensor("blk.0.attn_q.bias");
    }

    // Scores are scaled by the size of a head, in the largest model by that of hidden values per head.
    private static void Gemma(GgufMetadata metadata, JsonObject config, long largest) =>
        config["query_pre_attn_scalar"] = metadata.Whole("block_count") == largest
            ? metadata.Whole("embedding_length") / metadata.Whole("attention.head_count")
            : metadata.Whole("attention.key_length");

    private static void QwenExperts(GgufMetadata metadata, JsonObject config)
    {
        config["num_experts"] = metadata.Whole("expert_count");
        config["num_experts_per_tok"] = metadata.Whole("expert_used_count");
        config["moe_intermediate_size"] = metadata.Whole("expert_feed_forward_length");
    }

    private static void RequireGroups(GgufMetadata metadata, JsonObject config)
    {
        if (metadata.Get("tensor_data_layout").AsString() is var layout and not "jploski")
        {
            throw metadata.Refuse("tensor_data_layout", "jploski", layout);
        }

        Rename(config, "intermediate_size", "ffn_hidden_size");
    }

    private static void Rename(JsonObject config, string from, string? to)
    {
        var value = config[from];
        config.Remove(from);
        if (to is not null)
        {
            config[to] = value;
        }
    }
}
