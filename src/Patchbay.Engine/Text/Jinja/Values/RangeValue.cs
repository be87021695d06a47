namespace Patchbay.Engine.Text.Jinja.Values;

internal sealed class RangeValue(long start, long stop, long step)
{
    public long Start { get; } = start;

    public long Stop { get; } = stop;

    public long Step { get; } = step;

    public long Count { get; } = CountSteps(start, stop, step);

    public object ItemAt(long index) => Boxed.Integer(Start + (index * Step));

    private static long CountSteps(Int128 start, Int128 stop, Int128 step)
    {
        var count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        return (long)Int128.Clamp(count, 0, long.MaxValue);
    }
}
