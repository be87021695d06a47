namespace Patchbay.Engine.Scheduling;

/// <summary>What one adapter version (or the base model) has been given, and what waits for it, in the order of arrival.</summary>
internal sealed class AdapterAccount
{
    /// <summary>Virtual tokens, see <see cref="AdapterFairness"/>.</summary>
    public long Served { get; set; }

    public LinkedList<Sequence> Waiting { get; } = [];

    /// <summary>Sequences that wait or run.</summary>
    public int Sequences { get; set; }
}
