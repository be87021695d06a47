using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja;

/// <summary>
/// The values of one call. A function first says what it accepts with <see cref="Accept"/>, then reads each
/// parameter by its place and name.
/// </summary>
internal sealed class Arguments(object?[] positional, KeyValuePair<string, object?>[] named)
{
    public static readonly Arguments None = new([], []);

    public object?[] Positional { get; } = positional;

    public KeyValuePair<string, object?>[] Named { get; } = named;

    /// <summary>Fails unless the arguments fit these parameters, of which the first <paramref name="required"/> must be given.</summary>
    public void Accept(string function, int required, params ReadOnlySpan<string> parameters)
    {
        if (Positional.Length > parameters.Length)
        {
            throw new JinjaException($"{function}() takes at most {parameters.Length} arguments ({Positional.Length} given)");
        }

        foreach (var (name, _) in Named)
        {
            var at = parameters.IndexOf(name);
            if (at < 0)
            {
                throw new JinjaException($"{function}() got an unexpected keyword argument '{name}'");
            }

            if (at < Positional.Length)
            {
                throw new JinjaException($"{function}() got multiple values for argument '{name}'");
            }
        }

        for (var index = Positional.Length; index < required; index++)
        {
            if (!Has(index, parameters[index]))
            {
                throw new JinjaException($"{function}() missing 1 required positional argument: '{parameters[index]}'");
            }
        }
    }

    public bool Has(int index, string name) => index < Positional.Length || TryGetNamed(name, out _);

    public object? Get(int index, string name, object? otherwise = null) => index < Positional.Length ? Positional[index]
        : TryGetNamed(name, out var value) ? value
        : otherwise;

    /// <summary>A text; None counts as not given.</summary>
    public string? GetText(int index, string name, string? otherwise = null) => Get(index, name) switch
    {
        null => otherwise,
        string text => text,
        MarkupValue markup => markup.Text,
        UndefinedValue undefined => throw undefined.Fail(),
        var other => throw new JinjaException($"argument '{name}' must be str, not {TypeName.Of(other)}"),
    };

    /// <summary>A whole number that is clamped to 64 bits; None counts as not given.</summary>
    public long GetInteger(int index, string name, long otherwise) => Get(index, name) switch
    {
        null => otherwise,
        var value => PythonNumber.ToIndex(value),
    };

    public bool GetFlag(int index, string name, bool otherwise = false) =>
        Has(index, name) ? Truth.Of(Get(index, name)) : otherwise;

    /// <summary>Takes a named argument and marks it as taken.</summary>
    public bool TryTake(string name, bool[] taken, out object? value)
    {
        for (var index = 0; index < Named.Length; index++)
        {
            if (Named[index].Key == name)
            {
                taken[index] = true;
                value = Named[index].Value;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>The arguments that come after the first <paramref name="count"/>.</summary>
    public Arguments Skip(int count) => new(Positional[Math.Min(count, Positional.Length)..], Named);

    private bool TryGetNamed(string name, out object? value)
    {
        foreach (var (key, candidate) in Named)
        {
            if (key == name)
            {
                value = candidate;
                return true;
            }
        }

        value = null;
        return false;
    }
}
