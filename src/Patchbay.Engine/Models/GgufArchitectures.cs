namespace Patchbay.Engine.Models;

/// <summary>
/// The values of <c>general.architecture</c> that can be read (llama.cpp <c>gguf-py/gguf/{constants,tensor_mapping}.py</c> and
/// <c>convert_hf_to_gguf.py</c>). What is missing here is missing because such files leave out something that the model needs, as
/// those of StarCoder2 do with its window, or because nobody has checked it against golden logits.
/// </summary>
internal static class GgufArchitectures
{
    private static readonly Dictionary<string, string> s_llama = new()
    {
        ["token_embd"] = "model.embed_tokens",
        ["output_norm"] = "model.norm",
        ["output"] = "lm_head",
        ["attn_norm"] = "model.layers.#.input_layernorm",
        ["attn_q"] = "model.layers.#.self_attn.q_proj",
        ["attn_k"] = "model.layers.#.self_attn.k_proj",
        ["attn_v"] = "model.layers.#.self_attn.v_proj",
        ["attn_output"] = "model.layers.#.self_attn.o_proj",
        ["ffn_norm"] = "model.layers.#.post_attention_layernorm",
        ["ffn_gate"] = "model.layers.#.mlp.gate_proj",
        ["ffn_up"] = "model.layers.#.mlp.up_proj",
        ["ffn_down"] = "model.layers.#.mlp.down_proj",
    };

    private static readonly Dictionary<string, string> s_headNorms = With(s_llama, new()
    {
        ["attn_q_norm"] = "model.layers.#.self_attn.q_norm",
        ["attn_k_norm"] = "model.layers.#.self_attn.k_norm",
    });

    // Norms behind the branches.
    private static readonly Dictionary<string, string> s_postNorms = With(s_headNorms, new()
    {
        ["post_attention_norm"] = "model.layers.#.post_attention_layernorm",
        ["post_ffw_norm"] = "model.layers.#.post_feedforward_layernorm",
    });

    private static readonly Dictionary<string, string> s_gemma2 = With(s_postNorms, new()
    {
        ["ffn_norm"] = "model.layers.#.pre_feedforward_layernorm",
    });

    private static readonly Dictionary<string, string> s_experts = new()
    {
        ["ffn_gate_inp"] = "model.layers.#.mlp.gate",
        ["ffn_gate_exps"] = "model.layers.#.mlp.experts.*.gate_proj",
        ["ffn_up_exps"] = "model.layers.#.mlp.experts.*.up_proj",
        ["ffn_down_exps"] = "model.layers.#.mlp.experts.*.down_proj",
        ["ffn_gate_inp_shexp"] = "model.layers.#.mlp.shared_expert_gate",
        ["ffn_gate_shexp"] = "model.layers.#.mlp.shared_expert.gate_proj",
        ["ffn_up_shexp"] = "model.layers.#.mlp.shared_expert.up_proj",
        ["ffn_down_shexp"] = "model.layers.#.mlp.shared_expert.down_proj",
    };

    private static readonly Dictionary<string, string> s_mixtral = With(s_llama, new()
    {
        ["ffn_gate_inp"] = "model.layers.#.block_sparse_moe.gate",
        ["ffn_gate_exps"] = "model.layers.#.block_sparse_moe.experts.*.w1",
        ["ffn_up_exps"] = "model.layers.#.block_sparse_moe.experts.*.w3",
        ["ffn_down_exps"] = "model.layers.#.block_sparse_moe.experts.*.w2",
    });

    private static readonly Dictionary<string, string> s_phi3 = With(s_llama, new()
    {
        ["attn_qkv"] = "model.layers.#.self_attn.qkv_proj",
        ["ffn_up"] = "model.layers.#.mlp.gate_up_proj",
    });

    private static readonly Dictionary<string, string> s_glm4 = With(s_llama, new()
    {
        ["ffn_up"] = "model.layers.#.mlp.gate_up_proj",
        ["post_attention_norm"] = "model.layers.#.post_self_attn_layernorm",
        ["post_ffw_norm"] = "model.layers.#.post_mlp_layernorm",
    });

    private static readonly Dictionary<string, string> s_gpt2 = new()
    {
        ["token_embd"] = "transformer.wte",
        ["position_embd"] = "transformer.wpe",
        ["output_norm"] = "transformer.ln_f",
        ["output"] = "lm_head",
        ["attn_norm"] = "transformer.h.#.ln_1",
        ["attn_qkv"] = "transformer.h.#.attn.c_attn",
        ["attn_output"] = "transformer.h.#.attn.c_proj",
        ["ffn_norm"] = "transformer.h.#.ln_2",
        ["ffn_up"] = "transformer.h.#.mlp.c_fc",
        ["ffn_down"] = "transformer.h.#.mlp.c_proj",
    };

    private static readonly Dictionary<string, string> s_gptNeoX = new()
    {
        ["token_embd"] = "gpt_neox.embed_in",
        ["output_norm"] = "gpt_neox.final_layer_norm",
        ["output"] = "embed_out",
        ["attn_norm"] = "gpt_neox.layers.#.input_layernorm",
        ["attn_qkv"] = "gpt_neox.layers.#.attention.query_key_value",
        ["attn_output"] = "gpt_neox.layers.#.attention.dense",
        ["ffn_norm"] = "gpt_neox.layers.#.post_attention_layernorm",
        ["ffn_up"] = "gpt_neox.layers.#.mlp.dense_h_to_4h",
        ["ffn_down"] = "gpt_neox.layers.#.mlp.dense_4h_to_h",
    };

    private static readonly Dictionary<string, string> s_falcon = new()
    {
        ["token_embd"] = "transformer.word_embeddings",
        ["output_norm"] = "transformer.ln_f",
        ["output"] = "lm_head",
        ["attn_norm"] = "transformer.h.#.input_layernorm",
        ["attn_qkv"] = "transformer.h.#.self_attention.query_key_value",
        ["attn_output"] = "transformer.h.#.self_attention.dense",
        ["ffn_up"] = "transformer.h.#.mlp.dense_h_to_4h",
        ["ffn_down"] = "transformer.h.#.mlp.dense_4h_to_h",
    };

    // Two norms beside each other: the one for attention carries the number.
    private static readonly Dictionary<string, string> s_falconNew = With(s_falcon, new()
    {
        ["attn_norm"] = "transformer.h.#.ln_mlp",
        ["attn_norm_2"] = "transformer.h.#.ln_attn",
    });

    private static readonly Dictionary<string, GgufArchitecture> s_all = new()
    {
        ["command-r"] = new("cohere", s_headNorms, GgufFields.Cohere),
        ["cohere2"] = new("cohere2", s_llama, GgufFields.Cohere),
        ["exaone4"] = new("exaone4", s_postNorms, GgufFields.None),
        ["falcon"] = new("falcon", s_falcon, GgufFields.Falcon) { Rows = GgufRows.GroupedHeads },
        ["gemma"] = new("gemma", s_llama, GgufFields.None) { NormsHoldOneMore = true },
        ["gemma2"] = new("gemma2", s_gemma2, GgufFields.Gemma2) { NormsHoldOneMore = true },
        ["gemma3"] = new("gemma3_text", s_gemma2, GgufFields.Gemma3) { NormsHoldOneMore = true },
        ["glm4"] = new("glm4", s_glm4, GgufFields.AttentionBias),
        ["gpt2"] = new("gpt2", s_gpt2, GgufFields.Gpt2) { StoresOutputsFirst = true },
        ["gptneox"] = new("gpt_neox", s_gptNeoX, GgufFields.GptNeoX) { Rows = GgufRows.GroupedHeads },
        ["granite"] = new("granite", s_llama, GgufFields.Granite) { Rows = GgufRows.NeighbouringPairs },
        ["llama"] = new("llama", s_llama, GgufFields.Biases) { Rows = GgufRows.NeighbouringPairs },
        ["olmo2"] = new("olmo2", s_postNorms, GgufFields.None),
        ["phi3"] = new("phi3", s_phi3, GgufFields.Phi3),
        ["qwen2"] = new("qwen2", s_llama, GgufFields.None),
        ["qwen2moe"] = new("qwen2_moe", With(s_llama, s_experts), GgufFields.Qwen2Moe),
        ["qwen3"] = new("qwen3", s_headNorms, GgufFields.None),
        ["qwen3moe"] = new("qwen3_moe", With(s_headNorms, s_experts), GgufFields.Qwen3Moe),
        ["smollm3"] = new("smollm3", s_llama, GgufFields.None) { Rows = GgufRows.NeighbouringPairs },
        ["stablelm"] = new("stablelm", s_llama, GgufFields.StableLm),
    };

    /// <summary>By the value of <c>general.architecture</c>.</summary>
    public static IReadOnlyDictionary<string, GgufArchitecture> All => s_all;

    /// <exception cref="InvalidDataException">The file's architecture is not known here.</exception>
    public static GgufArchitecture Find(GgufMetadata metadata)
    {
        if (!s_all.TryGetValue(metadata.Architecture, out var architecture))
        {
            throw new InvalidDataException(
                $"GGUF key 'general.architecture': expected one of {string.Join(", ", s_all.Keys)}, found {metadata.Architecture}.");
        }

        // Three names stand for two families each; what is in the file tells them apart.
        return metadata.Architecture switch
        {
            "llama" when metadata.Find("expert_count")?.AsInteger() > 0 =>
                new("mixtral", s_mixtral, GgufFields.Mixtral) { Rows = GgufRows.NeighbouringPairs },
            "olmo2" when metadata.Find("attention.sliding_window") is not null => new("olmo3", s_postNorms, GgufFields.None),
            "falcon" when metadata.HasTensor("blk.0.attn_norm_2.weight") =>
                new("falcon", s_falconNew, GgufFields.FalconNew) { Rows = GgufRows.GroupedHeads },
            _ => architecture,
        };
    }

    private static Dictionary<string, string> With(Dictionary<string, string> names, Dictionary<string, string> others)
    {
        var all = new Dictionary<string, string>(names);
        foreach (var (name, module) in others)
        {
            all[name] = module;
        }

        return all;
    }
}
