using System.Text;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>A text under construction that pays for every character before it takes it.</summary>
internal sealed class TextBuilder(RenderBudget budget)
{
    private readonly StringBuilder _text = new();

    public int Length => _text.Length;

    public TextBuilder Append(ReadOnlySpan<char> text)
    {
        budget.Grow(_text.Length, text.Length);
        _text.Append(text);
        return this;
    }

    public TextBuilder Append(string text) => Append(text.AsSpan());

    public TextBuilder Append(char value, long count = 1)
    {
        budget.Grow(_text.Length, count);
        _text.Append(value, (int)count);
        return this;
    }

    public override string ToString() => _text.ToString();
}
