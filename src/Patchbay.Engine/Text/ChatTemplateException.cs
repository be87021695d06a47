namespace Patchbay.Engine.Text;

/// <summary>Who is at fault when a conversation cannot be rendered.</summary>
public enum ChatTemplateErrorKind
{
    /// <summary>The template's source is not valid.</summary>
    Syntax,

    /// <summary>The template itself refused the conversation with <c>raise_exception</c>.</summary>
    Raised,

    /// <summary>The call made no sense before or after rendering, whatever the template.</summary>
    Caller,

    /// <summary>The template broke on this input, or exceeded what one render may cost.</summary>
    Failed,
}

/// <summary>A chat template that cannot be parsed, or a conversation that it cannot render.</summary>
public sealed class ChatTemplateException : Exception
{
    internal ChatTemplateException(ChatTemplateErrorKind kind, string reason, int? line = null)
        : base(line is null ? reason : $"{reason} (line {line} of the chat template)")
    {
        Kind = kind;
        Reason = reason;
        Line = line;
    }

    /// <summary>Who is at fault.</summary>
    public ChatTemplateErrorKind Kind { get; }

    /// <summary>What went wrong, without the position; for <see cref="ChatTemplateErrorKind.Raised"/> the template's own words.</summary>
    public string Reason { get; }

    /// <summary>Line of the template, counted from 1; null when the template is not at fault.</summary>
    public int? Line { get; }
}
