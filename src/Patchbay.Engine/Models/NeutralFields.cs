namespace Patchbay.Engine.Models;

/// <summary>
/// Fields of config.json that change no logit of any family here, whatever they hold: bookkeeping, training, defaults of generation,
/// and choices between implementations of the same mathematics. What only one family may leave unread, that family says.
/// </summary>
internal static class NeutralFields
{
    private static readonly HashSet<string> s_names = new(StringComparer.Ordinal)
    {
        // Bookkeeping.
        "architectures", "model_type", "auto_map", "transformers_version", "torch_dtype", "dtype", "_name_or_path", "_model_name_or_path", "_commit_hash",
        "_attn_implementation", "_attn_implementation_autoset", "_experts_implementation", "_from_model_config", "attn_implementation",
        "model_name", "tokenizer_class", "model_max_length", "max_sequence_length", "max_seq_len", "n_ctx", "task_specific_params", "id2label", "label2id", "problem_type",
        "finetuning_task", "transformers.js_config", "unsloth_fixed", "unsloth_version", "is_llama_config", "return_dict",
        "use_return_dict", "keys_to_ignore_at_inference", "chunk_size_feed_forward", "generation_config", "use_cache",

        // How long a sequence may be; where it also sizes a table of positions, the table is checked against it.
        "max_position_embeddings", "n_positions", "seq_length",

        // Training.
        "initializer_range", "init_std", "initializer_factor", "gradient_checkpointing", "use_cache_in_training", "dropout",
        "embd_pdrop", "attn_pdrop", "resid_pdrop", "layerdrop", "moe_dropout_prob", "router_aux_loss_coef", "router_z_loss_coef",
        "router_jitter_noise", "aux_loss_alpha", "seq_aux", "z_loss_coefficient", "output_router_logits", "rescale_prenorm_residual",
        "time_step_init_scheme", "time_step_scale", "summary_activation", "summary_first_dropout", "summary_proj_to_labels",
        "summary_type", "summary_use_proj",

        // Layers for speculative decoding, whose tensors are refused where a checkpoint has them.
        "num_nextn_predict_layers",

        // Ways to compute the same: tensor parallel slices, fused kernels, precision of intermediate values, chunks of a scan.
        "pretraining_tp", "ep_size", "use_flash_attn", "attention_softmax_in_fp32", "scale_attention_softmax_in_fp32",
        "reorder_and_upcast_attn", "slow_but_exact", "masked_softmax_fusion", "bias_dropout_fusion", "residual_in_fp32",
        "fused_add_norm", "use_mambapy", "use_associative_scan", "mamba_chunk_size", "num_logits_to_keep", "cache_implementation",

        // Defaults of generation, which transformers 4 wrote here.
        "max_length", "min_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty", "temperature",
        "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size",
        "num_return_sequences", "bad_words_ids", "suppress_tokens", "begin_suppress_tokens", "exponential_decay_length_penalty",
        "remove_invalid_values", "max_new_tokens", "prefix",
    };

    // Token ids choose what is read and when an answer ends; dropout is off when a model answers.
    private static readonly string[] s_endings = ["_token_id", "_token_ids", "_dropout"];

    public static bool Contains(string name) =>
        s_names.Contains(name) || Array.Exists(s_endings, ending => name.EndsWith(ending, StringComparison.Ordinal));
}
