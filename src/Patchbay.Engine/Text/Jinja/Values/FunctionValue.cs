namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>A function of the interpreter, such as <c>range</c>; <paramref name="typeName"/> is what Python calls its type.</summary>
internal sealed class FunctionValue(string name, string typeName, Func<Evaluator, Arguments, object?> function) : ICallable
{
    public string Name { get; } = name;

    public string TypeName { get; } = typeName;

    public object? Call(Evaluator evaluator, Arguments arguments) => function(evaluator, arguments);
}
