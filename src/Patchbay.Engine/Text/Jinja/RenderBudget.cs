using System.Runtime.CompilerServices;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>What is left of one render's <see cref="RenderLimits"/>. Everything that costs is charged before it is done.</summary>
internal sealed class RenderBudget(RenderLimits limits)
{
    /// <summary>Comparing or searching this many characters costs as much as one step.</summary>
    private const int CharactersPerStep = 32;

    private long _steps = limits.Steps;
    private long _items = limits.Items;
    private long _text = limits.TextTotal;
    private int _depth;

    public void Step()
    {
        if (--_steps < 0)
        {
            throw new JinjaException($"the template takes more than {limits.Steps} steps");
        }
    }

    /// <summary>Charges for reading <paramref name="length"/> characters.</summary>
    public void Scan(long length)
    {
        _steps -= 1 + (length / CharactersPerStep);
        Step();
    }

    /// <summary>Charges for hashing and comparing a key of a dict, which may be a long text or a tuple of them.</summary>
    public void Key(object? key)
    {
        if (key is string text)
        {
            Scan(text.Length);
        }
        else if (key is TupleValue tuple)
        {
            Enter();
            foreach (var item in tuple.Items)
            {
                Step();
                Key(item);
            }

            Leave();
        }
    }

    /// <summary>Charges for <paramref name="count"/> new elements of lists or dicts.</summary>
    public void Items(long count)
    {
        _items -= count;
        _steps -= count;
        if (_items < 0)
        {
            throw new JinjaException($"the template makes lists of more than {limits.Items} elements");
        }

        Step();
    }

    /// <summary>Charges for a new text of <paramref name="length"/> UTF-16 units.</summary>
    public void Text(long length)
    {
        _text -= length;
        if (length > limits.TextLength || _text < 0)
        {
            throw new JinjaException(length > limits.TextLength
                ? $"the template makes a text of more than {limits.TextLength} characters"
                : $"the template makes texts of more than {limits.TextTotal} characters in all");
        }
    }

    /// <summary>Charges for making a text of <paramref name="length"/> units longer by <paramref name="added"/>.</summary>
    public void Grow(int length, long added)
    {
        _text -= added;
        if (added > limits.TextLength - length || _text < 0)
        {
            Text(length + added);
        }
    }

    /// <summary>Enters one level of nesting; the caller leaves it with <see cref="Leave"/> unless it throws.</summary>
    public void Enter()
    {
        if (++_depth > RenderLimits.MaxDepth
            || ((_depth & 31) == 0 && !RuntimeHelpers.TryEnsureSufficientExecutionStack()))
        {
            throw new JinjaException("the template or its data is nested too deeply");
        }
    }

    public void Leave() => _depth--;
}
