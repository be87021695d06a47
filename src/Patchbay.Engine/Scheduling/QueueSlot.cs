using Patchbay.Engine.Scheduling;

namespace Patchbay.Engine;

/// <summary>
/// A place among the requests that wait, taken before any work is done for the request, so that work is never done for one that
/// is refused afterwards. It ends when the request runs, or when it is disposed.
/// </summary>
public sealed class QueueSlot : IDisposable
{
    private readonly RequestGate _gate;
    private RequestGate.Count? _adapter;
    private int _hasEnded;

    internal QueueSlot(RequestGate gate) => _gate = gate;

    /// <summary>Whether the place is not held any more.</summary>
    internal bool HasEnded => Volatile.Read(ref _hasEnded) != 0;

    /// <summary>Gives the place back; more than once is the same as once.</summary>
    public void Dispose() => End(isAdmitted: false);

    /// <summary>Ends the wait because the request runs now.</summary>
    internal void Admit() => End(isAdmitted: true);

    /// <summary>Counts the place for one adapter from now on.</summary>
    internal void Assign(RequestGate.Count adapter) => _adapter = adapter;

    private void End(bool isAdmitted)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
        {
            _adapter?.Decrement();
            _gate.Leave(isAdmitted);
        }
    }
}
