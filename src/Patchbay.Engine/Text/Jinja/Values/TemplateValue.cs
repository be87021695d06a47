namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>The variable <c>self</c>: the template's blocks as functions.</summary>
internal sealed class TemplateValue(IReadOnlyDictionary<string, BlockStatement> blocks) : IHasAttributes
{
    public bool TryGetAttribute(string name, out object? value)
    {
        var found = blocks.TryGetValue(name, out var block);
        value = found ? new FunctionValue(name, "BlockReference", (evaluator, _) => evaluator.Renderer.RenderBlock(block!)) : null;
        return found;
    }
}
