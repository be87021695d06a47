using Patchbay.Engine.Text.Jinja.Builtins;

namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>A method together with its object, as in <c>{% set f = text.upper %}</c>.</summary>
internal sealed class MethodValue(object target, string name) : ICallable
{
    public object Target { get; } = target;

    public string Name { get; } = name;

    public object? Call(Evaluator evaluator, Arguments arguments) => Methods.Call(evaluator, Target, Name, arguments);
}
