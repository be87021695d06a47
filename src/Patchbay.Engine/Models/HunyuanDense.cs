namespace Patchbay.Engine.Models;

/// <summary>Hunyuan V1, dense: Llama with norms of each query and key head after they are turned.</summary>
internal static class HunyuanDense
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        config.Require("use_qk_norm", "true");
        config.Require("norm_type", "rms");
        config.Require("num_experts", "1");
        config.Require("use_rotary_pos_emb", "true");
        config.Require("attention_head_dim", $"{config.HeadDim}");
        config.Ignore("class_num", "pool_type", "org_vocab_size", "cla_share_factor");
        var bias = config.Boolean("attention_bias", false);
        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            Attention = (layer, parts) => parts with
            {
                QueryNorm = model.RmsNorm($"model.layers.{layer}.self_attn.query_layernorm", parts.HeadDim),
                KeyNorm = model.RmsNorm($"model.layers.{layer}.self_attn.key_layernorm", parts.HeadDim),
                NormsFollowRotation = true,
            },
        });
    }
}
