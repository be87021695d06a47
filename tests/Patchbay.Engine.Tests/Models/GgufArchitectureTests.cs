using System.Text.Json.Nodes;
using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Models;
using Patchbay.Engine.Tests.Golden;

namespace Patchbay.Engine.Tests.Models;

/// <summary>Golden families as GGUF files: the same logits, tokens and adapters as from their Hugging Face checkpoints.</summary>
public sealed class GgufArchitectureTests : IDisposable
{
    private static readonly Dictionary<string, GgufRules> s_rules = new()
    {
        ["cohere"] = new("command-r") { More = Cohere },
        ["cohere2"] = new("cohere2") { More = model => { Cohere(model); model.Pair("attention.sliding_window", model.Whole("sliding_window")); } },
        ["exaone4"] = new("exaone4") { Names = GgufRules.PostNormNames, More = Windows },
        ["falcon"] = Falcon(kvHeads: _ => 1, normName: "attn_norm"),
        ["falcon_new"] = Falcon(kvHeads: model => model.Whole("num_kv_heads"), normName: "attn_norm_2"),
        ["gemma"] = new("gemma") { Change = GgufRules.AddOne },
        ["gemma2"] = new("gemma2") { Names = GgufRules.PostNormNames, Change = GgufRules.AddOne, More = Gemma2 },
        ["gemma3_text"] = new("gemma3") { Names = GgufRules.PostNormNames, Change = GgufRules.AddOne, More = Gemma3 },
        ["glm4"] = new("glm4")
        {
            Names = [(@"model\.layers\.(\d+)\.post_attention_layernorm", "blk.#.ffn_norm"), .. GgufRules.PostNormNames],
            More = model => model.Pair("rope.dimension_count", model.Whole("head_dim") / 2),
        },
        ["gpt2"] = new("gpt2") { Names = Gpt2Names(), Change = GgufRules.Transpose, More = model => model.Pair("feed_forward_length", 4 * model.Whole("n_embd")) },
        ["gpt_neox"] = new("gptneox") { Names = GptNeoXNames(), Change = GgufRules.Ungroup(model => model.Whole("num_attention_heads")), More = GptNeoX },
        ["granite"] = new("granite") { Change = GgufRules.Permute, More = Granite },
        ["llama"] = Llama(_ => { }),
        ["llama_biases"] = Llama(_ => { }),
        ["llama_rope_linear"] = Llama(model => { model.Pair("rope.scaling.type", "linear"); model.Pair("rope.scaling.factor", 4f); }),
        ["llama_rope_llama3"] = Llama(Llama3Factors),
        ["llama_rope_yarn"] = Llama(Yarn),
        ["llama_tied_head_dim"] = Llama(_ => { }),
        ["mixtral"] = Llama(_ => { }),
        ["olmo2"] = new("olmo2") { Names = GgufRules.PostNormNames },
        ["olmo3"] = new("olmo2") { Names = GgufRules.PostNormNames, More = Windows },
        ["phi3"] = new("phi3") { More = Phi3 },
        ["phi3_plain"] = new("phi3") { More = Phi3 },
        ["qwen2"] = new("qwen2"),
        ["qwen2_moe"] = new("qwen2moe") { More = Experts },
        ["qwen3"] = new("qwen3"),
        ["qwen3_moe"] = new("qwen3moe") { More = Experts },
        ["smollm3"] = new("smollm3") { Change = GgufRules.Permute },
        ["stablelm"] = new("stablelm") { More = model => { model.Pair("use_parallel_residual", true); model.Pair("rope.dimension_count", 4); } },
    };

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"patchbay-test-{Guid.NewGuid():N}.gguf");

    public static TheoryData<string> Families => [.. s_rules.Keys];

    public void Dispose() => File.Delete(_file);

    [Theory]
    [MemberData(nameof(Families))]
    public async Task EveryCase_EqualsTransformers(string family)
    {
        var folder = Path.Combine(Fixtures.Own, "families", family);
        File.WriteAllBytes(_file, GgufConversion.Convert(folder, s_rules[family]));
        using var expected = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = _file, ContextLength = 512 });
        await using var reference = family == "gemma2" ? await WithHeadScaleAsync(folder) : null;
        foreach (var golden in GoldenCase.Read(folder))
        {
            var answer = await AnswerAsync(engine, golden);
            if (reference is not null)
            {
                AssertEqual(await AnswerAsync(reference, golden), answer, golden.Tolerance);
                continue;
            }

            var difference = answer.LargestDifference(golden, expected);
            Assert.True(difference <= golden.Tolerance, $"{golden.Name}: logits differ by {difference}, tolerance {golden.Tolerance}.");
            Assert.Equal(golden.Greedy, answer.Greedy);
        }
    }

    [Fact]
    public void EveryArchitecture_HasAFamilyHere() => Assert.Equal([], GgufArchitectures.All.Keys.Except(s_rules.Values.Select(rules => rules.Architecture)));

    [Theory]
    [InlineData("qwen3", "attention.temperature_scale", "GGUF key 'qwen3.attention.temperature_scale' is not known here")]
    [InlineData("qwen2", "rope.scaling.yarn_ext_factor", "GGUF key 'qwen2.rope.scaling.yarn_ext_factor' is not known here")]
    [InlineData("llama", "attention.value_length", "GGUF key 'llama.attention.value_length': expected 12, found 7")]
    public void KeyThatIsNotApplied_IsRefusedByName(string family, string key, string expected)
    {
        var rules = s_rules[family];
        rules = rules with { Wholes = [.. rules.Wholes.Where(pair => pair.Key != key)] };
        Refuse(family, rules with { More = model => model.Pair(key, 7) }, expected);
    }

    [Fact]
    public void YarnThatTheConverterCannotSay_IsRefusedByName() => Refuse(
        "llama_rope_yarn",
        Llama(model => { Yarn(model); model.Pair("rope.scaling.yarn_log_multiplier", 0.1f); }),
        "GGUF key 'llama.rope.scaling.yarn_log_multiplier': expected nothing");

    [Theory]
    [InlineData("starcoder2")]
    [InlineData("bert")]
    public void ArchitectureThatIsNotKnown_IsRefusedByName(string architecture) =>
        Refuse("llama", new GgufRules(architecture), $"GGUF key 'general.architecture': expected one of");

    [Fact]
    public void TensorThatIsNotKnown_IsRefusedByName() => Refuse(
        "qwen2",
        new GgufRules("qwen2") { More = model => model.Tensor("blk.0.attn_sub_norm.weight", [1, 2]) },
        "GGUF tensor 'blk.0.attn_sub_norm.weight' belongs to no part of a qwen2 model");

    private void Refuse(string family, GgufRules rules, string expected)
    {
        File.WriteAllBytes(_file, GgufConversion.Convert(Path.Combine(Fixtures.Own, "families", family), rules));
        var exception = Assert.Throws<InvalidDataException>(() => LoadedModel.Open(_file));
        Assert.StartsWith(expected, exception.Message, StringComparison.Ordinal);
    }

    private static async Task<GoldenAnswer> AnswerAsync(InferenceEngine engine, GoldenCase golden)
    {
        AdapterDigest? adapter = golden.Adapters.Count == 0
            ? null
            : (await engine.LoadAdapterAsync(Path.Combine(Fixtures.Own, golden.Adapters[0].Path))).Digest;
        return await GoldenAnswer.ComputeAsync(engine, golden, adapter);
    }

    // The format has no place for Gemma 2's scale of scores; readers take the size of a head, and this model has another.
    private static async Task<InferenceEngine> WithHeadScaleAsync(string folder)
    {
        var copy = Directory.CreateTempSubdirectory("patchbay-test-");
        File.Copy(Path.Combine(folder, "model.safetensors"), Path.Combine(copy.FullName, "model.safetensors"));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;
        config["query_pre_attn_scalar"] = config["head_dim"]!.GetValue<int>();
        File.WriteAllText(Path.Combine(copy.FullName, "config.json"), config.ToJsonString());
        return await InferenceEngine.OpenAsync(new EngineOptions { Weights = WeightFormat.Native, ModelPath = copy.FullName, ContextLength = 512 });
    }

    private static void AssertEqual(GoldenAnswer expected, GoldenAnswer actual, float tolerance)
    {
        Assert.Equal(expected.Greedy, actual.Greedy);
        for (var row = 0; row < expected.Logits.Length; row++)
        {
            Assert.All(expected.Logits[row].Zip(actual.Logits[row]), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        }
    }

    private static GgufRules Llama(Action<GgufConversion> more) => new("llama")
    {
        Change = GgufRules.Permute,
        More = model =>
        {
            more(model);
            model.Pair("vocab_size", model.Whole("vocab_size"));
            model.Pair("rope.dimension_count", model["head_dim"]?.GetValue<int>() ?? (model.Whole("hidden_size") / model.Whole("num_attention_heads")));
        },
    };

    private static void Llama3Factors(GgufConversion model)
    {
        var scaling = model["rope_scaling"]!;
        double Number(string name) => scaling[name]!.GetValue<double>();
        var (trained, low, high) = (Number("original_max_position_embeddings"), Number("low_freq_factor"), Number("high_freq_factor"));
        var dim = model.Whole("head_dim");
        model.Tensor("rope_freqs.weight", [.. Enumerable.Range(0, dim / 2).Select(i =>
        {
            var wavelength = 2 * Math.PI * Math.Pow(model.Real("rope_theta"), 2.0 * i / dim);
            var smooth = ((trained / wavelength) - low) / (high - low);
            return (float)(wavelength < trained / high ? 1 : wavelength > trained / low ? Number("factor") : 1 / (((1 - smooth) / Number("factor")) + smooth));
        })]);
    }

    private static void Yarn(GgufConversion model)
    {
        model.Pair("rope.scaling.type", "yarn");
        model.Pair("rope.scaling.factor", 4f);
        model.Pair("rope.scaling.original_context_length", model["rope_scaling"]!["original_max_position_embeddings"]!.GetValue<int>());
    }

    private static void Cohere(GgufConversion model)
    {
        model.Pair("logit_scale", model.Real("logit_scale"));
        model.Pair("rope.scaling.type", "none");
    }

    private static void Windows(GgufConversion model)
    {
        model.Pair("attention.sliding_window", model.Whole("sliding_window"));
        model.Pair(
            "attention.sliding_window_pattern",
            [.. Enumerable.Range(1, model.Whole("num_hidden_layers")).Select(layer => layer % 4 != 0)]);
    }

    private static void Gemma2(GgufConversion model)
    {
        model.Pair("attn_logit_softcapping", model.Real("attn_logit_softcapping"));
        model.Pair("final_logit_softcapping", model.Real("final_logit_softcapping"));
        model.Pair("attention.sliding_window", model.Whole("sliding_window"));
    }

    private static void Gemma3(GgufConversion model)
    {
        model.Pair("attention.sliding_window", model.Whole("sliding_window"));
        model.Pair("rope.freq_base_swa", model.Real("rope_local_base_freq"));
        model.Pair("rope.scaling.type", "linear");
        model.Pair("rope.scaling.factor", model["rope_scaling"]!["factor"]!.GetValue<float>());
    }

    private static void Granite(GgufConversion model)
    {
        model.Pair("attention.scale", model.Real("attention_multiplier"));
        model.Pair("embedding_scale", model.Real("embedding_multiplier"));
        model.Pair("residual_scale", model.Real("residual_multiplier"));
        model.Pair("logit_scale", model.Real("logits_scaling"));
    }

    private static void GptNeoX(GgufConversion model)
    {
        var size = model.Whole("hidden_size") / model.Whole("num_attention_heads");
        model.Pair("rope.dimension_count", (int)(model.Real("rotary_pct") * size));
        model.Pair("use_parallel_residual", model["use_parallel_residual"]!.GetValue<bool>());
    }

    private static void Phi3(GgufConversion model)
    {
        var trained = model.Whole("original_max_position_embeddings");
        model.Pair("rope.scaling.original_context_length", trained);
        model.Pair("rope.dimension_count", model.Whole("hidden_size") / model.Whole("num_attention_heads"));
        model.Pair("attention.sliding_window", model["sliding_window"]?.GetValue<int>() ?? 0);
        if (model["rope_scaling"] is not { } scaling)
        {
            return;
        }

        var scale = (double)model.Whole("max_position_embeddings") / trained;
        model.Pair("rope.scaling.attn_factor", (float)Math.Sqrt(1 + (Math.Log(scale) / Math.Log(trained))));
        model.Tensor("rope_factors_long.weight", [.. scaling["long_factor"]!.AsArray().Select(value => value!.GetValue<float>())]);
        model.Tensor("rope_factors_short.weight", [.. scaling["short_factor"]!.AsArray().Select(value => value!.GetValue<float>())]);
    }

    private static void Experts(GgufConversion model)
    {
        model.Pair("expert_feed_forward_length", model.Whole("moe_intermediate_size"));
        if (model["shared_expert_intermediate_size"] is { } shared)
        {
            model.Pair("expert_shared_feed_forward_length", shared.GetValue<int>());
        }
    }

    private static GgufRules Falcon(Func<GgufConversion, int> kvHeads, string normName) => new("falcon")
    {
        Names =
        [
            (@"transformer\.word_embeddings", "token_embd"),
            (@"transformer\.ln_f", "output_norm"),
            (@"transformer\.h\.(\d+)\.(?:input_layernorm|ln_attn)", $"blk.#.{normName}"),
            (@"transformer\.h\.(\d+)\.ln_mlp", "blk.#.attn_norm"),
            (@"transformer\.h\.(\d+)\.self_attention\.query_key_value", "blk.#.attn_qkv"),
            (@"transformer\.h\.(\d+)\.self_attention\.dense", "blk.#.attn_output"),
            (@"transformer\.h\.(\d+)\.mlp\.dense_h_to_4h", "blk.#.ffn_up"),
            (@"transformer\.h\.(\d+)\.mlp\.dense_4h_to_h", "blk.#.ffn_down"),
        ],
        Change = GgufRules.Ungroup(kvHeads),
        More = model =>
        {
            model.Pair("tensor_data_layout", "jploski");
            model.Pair("attention.head_count_kv", kvHeads(model));
        },
    };

    private static (string, string)[] Gpt2Names() =>
    [
        (@"transformer\.wte", "token_embd"),
        (@"transformer\.wpe", "position_embd"),
        (@"transformer\.ln_f", "output_norm"),
        (@"transformer\.h\.(\d+)\.ln_1", "blk.#.attn_norm"),
        (@"transformer\.h\.(\d+)\.attn\.c_attn", "blk.#.attn_qkv"),
        (@"transformer\.h\.(\d+)\.attn\.c_proj", "blk.#.attn_output"),
        (@"transformer\.h\.(\d+)\.ln_2", "blk.#.ffn_norm"),
        (@"transformer\.h\.(\d+)\.mlp\.c_fc", "blk.#.ffn_up"),
        (@"transformer\.h\.(\d+)\.mlp\.c_proj", "blk.#.ffn_down"),
    ];

    private static (string, string)[] GptNeoXNames() =>
    [
        (@"gpt_neox\.embed_in", "token_embd"),
        (@"gpt_neox\.final_layer_norm", "output_norm"),
        (@"embed_out", "output"),
        (@"gpt_neox\.layers\.(\d+)\.input_layernorm", "blk.#.attn_norm"),
        (@"gpt_neox\.layers\.(\d+)\.attention\.query_key_value", "blk.#.attn_qkv"),
        (@"gpt_neox\.layers\.(\d+)\.attention\.dense", "blk.#.attn_output"),
        (@"gpt_neox\.layers\.(\d+)\.post_attention_layernorm", "blk.#.ffn_norm"),
        (@"gpt_neox\.layers\.(\d+)\.mlp\.dense_h_to_4h", "blk.#.ffn_up"),
        (@"gpt_neox\.layers\.(\d+)\.mlp\.dense_4h_to_h", "blk.#.ffn_down"),
    ];
}
