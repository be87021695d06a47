namespace Patchbay.Control.Residency;

/// <summary>What a change under the residency's lock leads to outside of it.</summary>
internal sealed class ResidencyEffects
{
    private readonly List<CancellationTokenSource> _cancellations = [];

    /// <summary>To be told, in this order.</summary>
    public List<ResidencyEvent> Events { get; } = [];

    /// <summary>Ends a load, if there is one.</summary>
    public void Cancel(CancellationTokenSource? load)
    {
        if (load is not null)
        {
            _cancellations.Add(load);
        }
    }

    public void Run(Action<ResidencyEvent>? listener)
    {
        foreach (var load in _cancellations)
        {
            load.Cancel();
        }
        foreach (var happened in Events)
        {
            listener?.Invoke(happened);
        }
    }
}
