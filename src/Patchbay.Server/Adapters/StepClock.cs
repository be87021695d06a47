namespace Patchbay.Server.Adapters;

/// <summary>The steps of a switch that are timed.</summary>
internal enum Step
{
    Resolve,
    Load,
    Verify,
    Switch,
}

/// <summary>Adds up how long each step of a switch took, over all its attempts.</summary>
internal sealed class StepClock(TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private readonly double[] _milliseconds = new double[4];
    private long _last = time.GetTimestamp();

    /// <summary>What was measured so far.</summary>
    public SwitchTimings Timings => new(
        _milliseconds[0], _milliseconds[1], _milliseconds[2], _milliseconds[3], time.GetElapsedTime(_started).TotalMilliseconds);

    /// <summary>Books the time since the last mark on a step.</summary>
    public void Mark(Step step)
    {
        var now = time.GetTimestamp();
        _milliseconds[(int)step] += time.GetElapsedTime(_last, now).TotalMilliseconds;
        _last = now;
    }
}
