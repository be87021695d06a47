namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>A value that can be called.</summary>
internal interface ICallable
{
    object? Call(Evaluator evaluator, Arguments arguments);
}
