namespace Patchbay.Engine.Text.Jinja;

/// <summary>
/// An error inside the interpreter, worded as Jinja or Python words it. It never leaves the interpreter:
/// <see cref="ChatTemplate"/> adds the line and turns it into a <see cref="ChatTemplateException"/>.
/// </summary>
internal sealed class JinjaException(string message, ChatTemplateErrorKind kind = ChatTemplateErrorKind.Failed, int? line = null)
    : Exception(message)
{
    public ChatTemplateErrorKind Kind { get; } = kind;

    /// <summary>Known for syntax errors; at run time the evaluator knows the line.</summary>
    public int? Line { get; } = line;

    public static JinjaException Syntax(string message, int line) => new(message, ChatTemplateErrorKind.Syntax, line);
}
