namespace Patchbay.Engine.Tests.Models;

/// <summary>What llama.cpp's converter does with the models of one family.</summary>
internal sealed record GgufRules(string Architecture)
{
    public static readonly (string, string)[] LlamaNames =
    [
        (@"model\.embed_tokens", "token_embd"),
        (@"model\.norm", "output_norm"),
        (@"lm_head", "output"),
        (@"model\.layers\.(\d+)\.input_layernorm", "blk.#.attn_norm"),
        (@"model\.layers\.(\d+)\.self_attn\.q_proj", "blk.#.attn_q"),
        (@"model\.layers\.(\d+)\.self_attn\.k_proj", "blk.#.attn_k"),
        (@"model\.layers\.(\d+)\.self_attn\.v_proj", "blk.#.attn_v"),
        (@"model\.layers\.(\d+)\.self_attn\.qkv_proj", "blk.#.attn_qkv"),
        (@"model\.layers\.(\d+)\.self_attn\.o_proj", "blk.#.attn_output"),
        (@"model\.layers\.(\d+)\.self_attn\.q_norm", "blk.#.attn_q_norm"),
        (@"model\.layers\.(\d+)\.self_attn\.k_norm", "blk.#.attn_k_norm"),
        (@"model\.layers\.(\d+)\.post_attention_layernorm", "blk.#.ffn_norm"),
        (@"model\.layers\.(\d+)\.mlp\.gate_proj", "blk.#.ffn_gate"),
        (@"model\.layers\.(\d+)\.mlp\.(?:up_proj|gate_up_proj)", "blk.#.ffn_up"),
        (@"model\.layers\.(\d+)\.mlp\.down_proj", "blk.#.ffn_down"),
        (@"model\.layers\.(\d+)\.(?:mlp|block_sparse_moe)\.gate", "blk.#.ffn_gate_inp"),
        (@"model\.layers\.(\d+)\.(?:mlp|block_sparse_moe)\.experts\.(\d+)\.(?:gate_proj|w1)", "blk.#.ffn_gate_exps"),
        (@"model\.layers\.(\d+)\.(?:mlp|block_sparse_moe)\.experts\.(\d+)\.(?:up_proj|w3)", "blk.#.ffn_up_exps"),
        (@"model\.layers\.(\d+)\.(?:mlp|block_sparse_moe)\.experts\.(\d+)\.(?:down_proj|w2)", "blk.#.ffn_down_exps"),
        (@"model\.layers\.(\d+)\.mlp\.shared_expert_gate", "blk.#.ffn_gate_inp_shexp"),
        (@"model\.layers\.(\d+)\.mlp\.shared_expert\.gate_proj", "blk.#.ffn_gate_shexp"),
        (@"model\.layers\.(\d+)\.mlp\.shared_expert\.up_proj", "blk.#.ffn_up_shexp"),
        (@"model\.layers\.(\d+)\.mlp\.shared_expert\.down_proj", "blk.#.ffn_down_shexp"),
    ];

    public static readonly (string, string)[] PostNormNames =
    [
        (@"model\.layers\.(\d+)\.(?:post_attention_layernorm|post_self_attn_layernorm)", "blk.#.post_attention_norm"),
        (@"model\.layers\.(\d+)\.pre_feedforward_layernorm", "blk.#.ffn_norm"),
        (@"model\.layers\.(\d+)\.(?:post_feedforward_layernorm|post_mlp_layernorm)", "blk.#.post_ffw_norm"),
        .. LlamaNames,
    ];

    public (string Pattern, string Target)[] Names { get; init; } = LlamaNames;

    public (string Key, string Fields)[] Wholes { get; init; } =
    [
        ("block_count", "num_hidden_layers|n_layer"),
        ("context_length", "max_position_embeddings|n_positions"),
        ("embedding_length", "hidden_size|n_embd"),
        ("feed_forward_length", "intermediate_size|ffn_hidden_size"),
        ("attention.head_count", "num_attention_heads|n_head"),
        ("attention.head_count_kv", "num_key_value_heads"),
        ("attention.key_length", "head_dim"),
        ("attention.value_length", "head_dim"),
        ("expert_count", "num_local_experts|num_experts"),
        ("expert_used_count", "num_experts_per_tok"),
    ];

    public (string Key, string Fields)[] Reals { get; init; } =
    [
        ("rope.freq_base", "rope_theta"),
        ("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
        ("attention.layer_norm_epsilon", "layer_norm_eps|layer_norm_epsilon"),
    ];

    /// <summary>Pairs and tensors of this family only.</summary>
    public Action<GgufConversion> More { get; init; } = _ => { };

    /// <summary>What happens to the values of a tensor.</summary>
    public Func<GgufConversion, string, float[], long[], (float[] Values, long[] Shape)> Change { get; init; } = (_, _, values, shape) => (values, shape);

    public Func<GgufConversion, int> ExpertCount { get; init; } = model => (model["num_local_experts"] ?? model["num_experts"])!.GetValue<int>();

    /// <summary>Rows of each head as 0, d/2, 1, d/2 + 1, …</summary>
    public static (float[] Values, long[] Shape) Permute(GgufConversion model, string name, float[] values, long[] shape)
    {
        var heads = name.Contains(".q_proj.", StringComparison.Ordinal) ? model.Whole("num_attention_heads")
            : name.Contains(".k_proj.", StringComparison.Ordinal) ? model.Whole("num_key_value_heads") : 0;
        if (heads == 0)
        {
            return (values, shape);
        }

        var size = (int)shape[0] / heads;
        return (Rows(values, shape, row => (row / size * size) + (row % size % 2 * (size / 2)) + (row % size / 2)), shape);
    }

    /// <summary>All queries, then all keys, then all values, from groups of them.</summary>
    public static Func<GgufConversion, string, float[], long[], (float[] Values, long[] Shape)> Ungroup(Func<GgufConversion, int> groups) => (model, name, values, shape) =>
    {
        if (!name.Contains("query_key_value", StringComparison.Ordinal))
        {
            return (values, shape);
        }

        var (heads, kv) = (model.Whole("num_attention_heads"), groups(model));
        var size = (int)shape[0] / (heads + (2 * kv));
        var perGroup = heads / kv;
        return (Rows(values, shape, row =>
        {
            var head = row / size;
            var (group, within) = head < heads ? (head / perGroup, head % perGroup)
                : head < heads + kv ? (head - heads, perGroup) : (head - heads - kv, perGroup + 1);
            return (((group * (perGroup + 2)) + within) * size) + (row % size);
        }), shape);
    };

    /// <summary>Norms that store the distance of their weight from 1 store the weight.</summary>
    public static (float[] Values, long[] Shape) AddOne(GgufConversion model, string name, float[] values, long[] shape) =>
        (name.EndsWith("norm.weight", StringComparison.Ordinal) ? Array.ConvertAll(values, value => value + 1) : values, shape);

    /// <summary>GPT-2's linear layers with outputs first.</summary>
    public static (float[] Values, long[] Shape) Transpose(GgufConversion model, string name, float[] values, long[] shape)
    {
        if (!name.EndsWith(".weight", StringComparison.Ordinal) || !name.Contains(".c_", StringComparison.Ordinal))
        {
            return (values, shape);
        }

        var (rows, columns) = ((int)shape[0], (int)shape[1]);
        var turned = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            turned[(i % columns * rows) + (i / columns)] = values[i];
        }

        return (turned, [columns, rows]);
    }

    private static float[] Rows(float[] values, long[] shape, Func<int, int> source)
    {
        var width = values.Length / (int)shape[0];
        var moved = new float[values.Length];
        for (var row = 0; row < (int)shape[0]; row++)
        {
            Array.Copy(values, source(row) * width, moved, row * width, width);
        }

        return moved;
    }
}
