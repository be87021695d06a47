namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary><c>joiner(', ')</c>: nothing on the first call, then its separator.</summary>
internal sealed class JoinerValue(object? separator) : ICallable
{
    private bool _used;

    public object? Call(Evaluator evaluator, Arguments arguments)
    {
        var result = _used ? separator : "";
        _used = true;
        return result;
    }
}
