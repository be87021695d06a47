using System.Text;
using Patchbay.Engine;

namespace Patchbay.Server.Answers;

/// <summary>Gathers the pieces of one answer.</summary>
internal sealed class WholeChoice
{
    private readonly StringBuilder _text = new();
    private readonly List<GeneratedToken> _tokens = [];

    public string Text => _text.ToString();

    public IReadOnlyList<GeneratedToken> Tokens => _tokens;

    public FinishReason Finish { get; private set; }

    public void Add(TextDelta delta, bool keepTokens)
    {
        _text.Append(delta.Text);
        if (keepTokens && delta.Token is { } token)
        {
            _tokens.Add(token);
        }
        if (delta.Finish != FinishReason.None)
        {
            Finish = delta.Finish;
        }
    }
}
