namespace Patchbay.Engine.Adapters;

/// <summary>
/// A loaded adapter version, or the weighted sum of several: finished, immutable, and ready for the engine loop. Knows nothing
/// of names.
/// </summary>
/// <param name="version">What it is.</param>
/// <param name="changes">By index of the module in the model's <see cref="ModuleTable"/>; null where the base model is unchanged.</param>
internal sealed class LoraAdapter(AdapterVersion version, ModuleChange?[] changes) : IDisposable
{
    public AdapterVersion Version => version;

    /// <summary>Length of its rows of logits; null is the base model's.</summary>
    public int? VocabularySize { get; init; }

    /// <summary>It acts from the last occurrence of these tokens in the prompt on; null is from the start.</summary>
    public IReadOnlyList<int>? InvocationTokens { get; init; }

    /// <summary>The layers that its rows pass through; null is all of the model, once.</summary>
    public LayerStack? Stack { get; init; }

    /// <summary>What it does to a module, or null.</summary>
    public ModuleChange? Change(int module) => changes[module];

    /// <summary>Modules of the model's table.</summary>
    public int ModuleCount => changes.Length;

    public IEnumerable<ModuleChange> Changes => changes.OfType<ModuleChange>();

    public void Dispose()
    {
        foreach (var change in Changes)
        {
            change.Dispose();
        }

        Stack?.Dispose();
    }
}
