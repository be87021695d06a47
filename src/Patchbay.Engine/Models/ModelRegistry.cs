namespace Patchbay.Engine.Models;

/// <summary>What builds a <c>model_type</c>, and what it is in a few words.</summary>
internal sealed record ModelFamily(Func<ModelBuilder, DecoderModel> Build, string Description);

/// <summary>Which family builds which <c>model_type</c>.</summary>
internal static class ModelRegistry
{
    private static readonly Dictionary<string, ModelFamily> s_families = new()
    {
        ["apertus"] = new(Apertus.Build, "Apertus"),
        ["arcee"] = new(Arcee.Build, "Arcee AFM"),
        ["bamba"] = new(Bamba.Build, "Bamba"),
        ["bloom"] = new(Bloom.Build, "BLOOM and BLOOMZ"),
        ["cohere"] = new(Cohere.Build, "Command R and Aya"),
        ["cohere2"] = new(Cohere2.Build, "Command R7B and Command A"),
        ["deepseek_v2"] = new(Deepseek.BuildV2, "DeepSeek-V2 and DeepSeek-Coder-V2"),
        ["deepseek_v3"] = new(Deepseek.BuildV3, "DeepSeek-V3 and DeepSeek-R1"),
        ["dots1"] = new(Dots1.Build, "dots.llm1"),
        ["ernie4_5"] = new(Ernie45.Build, "ERNIE 4.5, dense"),
        ["ernie4_5_moe"] = new(Ernie45Moe.Build, "ERNIE 4.5, mixtures of experts"),
        ["exaone4"] = new(Exaone4.Build, "EXAONE 4"),
        ["falcon"] = new(Falcon.Build, "Falcon with rotary positions"),
        ["falcon_h1"] = new(FalconH1.Build, "Falcon-H1"),
        ["gemma"] = new(Gemma.Build, "Gemma"),
        ["gemma2"] = new(Gemma2.Build, "Gemma 2"),
        ["gemma3_text"] = new(Gemma3.Build, "Gemma 3, text only"),
        ["glm"] = new(Glm.Build, "GLM 4 9B of 2024"),
        ["glm4"] = new(Glm4.Build, "GLM 4 of 2025, dense"),
        ["gpt2"] = new(Gpt2.Build, "GPT-2"),
        ["gpt_neox"] = new(GptNeoX.Build, "GPT-NeoX and Pythia"),
        ["gpt_oss"] = new(GptOss.Build, "gpt-oss"),
        ["granite"] = new(Granite.Build, "Granite 3, dense"),
        ["granitemoe"] = new(GraniteMoe.Build, "Granite 3, mixtures of experts"),
        ["helium"] = new(Helium.Build, "Helium"),
        ["hunyuan_v1_dense"] = new(HunyuanDense.Build, "Hunyuan V1, dense"),
        ["lfm2"] = new(Lfm2.Build, "LFM2"),
        ["llama"] = new(Llama.Build, "Llama 1 to 3, SmolLM2, and what is built alike"),
        ["mamba"] = new(Mamba.Build, "Mamba"),
        ["minimax"] = new(MiniMax.Build, "MiniMax-Text-01 and MiniMax-M1"),
        ["mistral"] = new(Mistral.Build, "Mistral and Ministral"),
        ["mixtral"] = new(Mixtral.Build, "Mixtral"),
        ["nemotron"] = new(Nemotron.Build, "Nemotron-4 and Minitron"),
        ["olmo"] = new(Olmo.Build, "OLMo"),
        ["olmo2"] = new(Olmo2.Build, "OLMo 2"),
        ["olmo3"] = new(Olmo3.Build, "OLMo 3"),
        ["opt"] = new(Opt.Build, "OPT with LayerNorm before its branches"),
        ["phi"] = new(Phi.Build, "Phi-1 to Phi-2"),
        ["phi3"] = new(Phi3.Build, "Phi-3, Phi-3.5 and Phi-4"),
        ["qwen2"] = new(Qwen2.Build, "Qwen2 and Qwen2.5"),
        ["qwen2_moe"] = new(Qwen2Moe.Build, "Qwen1.5-MoE and Qwen2-MoE"),
        ["qwen3"] = new(Qwen3.Build, "Qwen3, dense"),
        ["qwen3_moe"] = new(Qwen3Moe.Build, "Qwen3, mixtures of experts"),
        ["qwen3_next"] = new(Qwen3Next.Build, "Qwen3-Next"),
        ["seed_oss"] = new(SeedOss.Build, "Seed-OSS"),
        ["smollm3"] = new(SmolLm3.Build, "SmolLM3"),
        ["stablelm"] = new(StableLm.Build, "StableLM 2"),
        ["starcoder2"] = new(Starcoder2.Build, "StarCoder2"),
    };

    /// <summary>The families by <c>model_type</c>.</summary>
    public static IReadOnlyDictionary<string, ModelFamily> Families => s_families;

    /// <exception cref="InvalidDataException">The type is not known, or the checkpoint does not fit it.</exception>
    public static DecoderModel Build(ModelBuilder builder)
    {
        if (!s_families.TryGetValue(builder.Config.ModelType, out var family))
        {
            throw builder.Config.Refuse("model_type", $"one of {string.Join(", ", s_families.Keys)}");
        }

        var model = family.Build(builder);
        builder.Config.RefuseUnread();
        return model;
    }
}
