using System.Text;
using Patchbay.Engine.Text.Jinja.Python;
using Patchbay.Engine.Text.Jinja.Values;

namespace Patchbay.Engine.Text.Jinja.Builtins;

/// <summary>Methods of strings that take no argument: they change the case or ask what the characters are.</summary>
internal static class CharacterMethods
{
    public static object Call(string text, string name, RenderBudget budget)
    {
        if (name is "lower" or "upper" or "title" or "capitalize" or "swapcase" or "casefold")
        {
            // One character becomes three at most.
            budget.Text(Ascii.IsValid(text) ? text.Length : text.Length * 3L);
        }

        return name switch
        {
            "lower" => CaseMapping.Lower(text),
            "upper" => CaseMapping.Upper(text),
            "title" => CaseMapping.Title(text),
            "capitalize" => CaseMapping.Capitalize(text),
            "swapcase" => CaseMapping.SwapCase(text),
            "casefold" => CaseMapping.Fold(text),
            "isalpha" => All(text, CharacterClass.IsAlpha),
            "isalnum" => All(text, CharacterClass.IsAlphanumeric),
            "isdecimal" => All(text, CharacterClass.IsDecimal),
            "isdigit" => All(text, CharacterClass.IsDigit),
            "isnumeric" => All(text, CharacterClass.IsNumeric),
            "isspace" => All(text, CharacterClass.IsSpace),
            "isascii" => Boxed.Bool(Ascii.IsValid(text)),
            "isprintable" => Boxed.Bool(text.Length == 0 || IsAll(text, rune => PythonFormat.IsPrintable(rune.Value))),
            "isidentifier" => Boxed.Bool(IsIdentifier(text)),
            "islower" => Boxed.Bool(IsLower(text)),
            "isupper" => Boxed.Bool(IsUpper(text)),
            _ => Boxed.Bool(IsTitle(text)),
        };
    }

    public static bool IsLower(string text) => IsInCase(text, CharacterClass.IsLower);

    public static bool IsUpper(string text) => IsInCase(text, CharacterClass.IsUpper);

    private static object All(string text, Func<Rune, bool> test) => Boxed.Bool(IsAll(text, test));

    private static bool IsAll(string text, Func<Rune, bool> test)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!test(rune))
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    private static bool IsInCase(string text, Func<Rune, bool> test)
    {
        var found = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (test(rune))
            {
                found = true;
            }
            else if (CharacterClass.IsCased(rune))
            {
                return false;
            }
        }

        return found;
    }

    private static bool IsIdentifier(string text)
    {
        var first = true;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!CharacterClass.IsIdentifier(rune, first))
            {
                return false;
            }

            first = false;
        }

        return !first;
    }

    private static bool IsTitle(string text)
    {
        var (found, inWord) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            if (CharacterClass.IsUpper(rune) || CharacterClass.IsTitle(rune))
            {
                if (inWord)
                {
                    return false;
                }

                found = inWord = true;
            }
            else if (CharacterClass.IsLower(rune))
            {
                if (!inWord)
                {
                    return false;
                }
            }
            else
            {
                inWord = false;
            }
        }

        return found;
    }
}
