namespace Patchbay.Engine.Adapters;

/// <summary>A loaded adapter version: finished, immutable, and ready for the engine loop. Knows nothing of names.</summary>
/// <param name="version">What it is.</param>
/// <param name="deltas">By index of the module in the model's <see cref="ModuleTable"/>; null where the base model is unchanged.</param>
internal sealed class LoraAdapter(AdapterVersion version, LoraDelta?[] deltas) : IDisposable
{
    public AdapterVersion Version => version;

    /// <summary>What it does to a module, or null.</summary>
    public LoraDelta? Delta(int module) => deltas[module];

    public void Dispose()
    {
        foreach (var delta in deltas)
        {
            delta?.Dispose();
        }
    }
}
