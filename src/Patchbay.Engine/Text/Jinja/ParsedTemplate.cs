namespace Patchbay.Engine.Text.Jinja;

/// <summary>A template's syntax tree. Immutable: every render of every thread walks the same one.</summary>
internal sealed class ParsedTemplate(Statement[] body, IReadOnlyDictionary<string, BlockStatement> blocks)
{
    public Statement[] Body { get; } = body;

    public IReadOnlyDictionary<string, BlockStatement> Blocks { get; } = blocks;
}
