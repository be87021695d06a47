namespace Patchbay.Engine;

/// <summary>What an operator decides about one engine: which model, how much memory, how much work per step.</summary>
public sealed record EngineOptions
{
    /// <summary>A Hugging Face model directory (config.json beside *.safetensors) or a GGUF file.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Worker threads of the kernels; 0 takes one for each processor the process may use.</summary>
    public int ThreadCount { get; init; }

    /// <summary>Most tokens (prefill and decode together) in one forward pass.</summary>
    public int MaxBatchTokens { get; init; } = 512;

    /// <summary>Most sequences that run at the same time; later ones wait.</summary>
    public int MaxRunningSequences { get; init; } = 128;

    /// <summary>Most requests that wait; one more is refused with <see cref="RequestRefusal.QueueFull"/>.</summary>
    public int MaxQueuedRequests { get; init; } = 1024;

    /// <summary>Most requests that wait for one adapter version (or for the base model); 0 sets no limit of its own.</summary>
    public int MaxQueuedRequestsPerAdapter { get; init; }

    /// <summary>Bytes for keys and values of all sequences and the prefix cache; 0 chooses from the memory of the machine.</summary>
    public long KvCacheBytes { get; init; }

    /// <summary>How keys and values are kept: smaller ones hold more tokens in the same memory and are read faster.</summary>
    public KvFormat KvCache { get; init; } = KvFormat.F32;

    /// <summary>Longest sequence (prompt and answer) in tokens; 0 takes what the model was trained for. More than that is computed, but seldom good.</summary>
    public int ContextLength { get; init; }

    /// <summary>Whether prompts that begin alike (under the same adapter version) share their keys and values.</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>
    /// Whether next tokens are guessed from the tokens of the sequence itself and several are verified in one pass. Answers are the
    /// same; where text repeats itself and few sequences run, they come faster.
    /// </summary>
    public bool PromptLookup { get; init; }

    /// <summary>How weights are held in memory.</summary>
    public WeightFormat Weights { get; init; } = WeightFormat.Auto;

    /// <summary>Whether packed weights of 32 MiB and more are kept on disk, to be mapped on the next start; <c>PATCHBAY_NO_CACHE=1</c> refuses it too.</summary>
    public bool WeightCache { get; init; } = true;

    /// <summary>Directory for packed weights; null is <c>patchbay</c> in the user's cache directory (<c>XDG_CACHE_HOME</c>, or <c>~/.cache</c>).</summary>
    public string? WeightCacheDirectory { get; init; }
}
