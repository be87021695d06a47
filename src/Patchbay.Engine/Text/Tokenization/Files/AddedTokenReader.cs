using System.Globalization;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>Reads added_tokens.</summary>
internal static class AddedTokenReader
{
    private const int HighestId = (1 << 22) - 1;

    public static IReadOnlyList<AddedToken> Read(Field? section, Vocabulary vocabulary)
    {
        var tokens = new List<AddedToken>();
        var ids = new HashSet<int>();
        var contents = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in section?.Items() ?? [])
        {
            var token = ReadToken(field);
            if (token.Content.Length == 0)
            {
                continue;
            }

            if (!ids.Add(token.Id) || !contents.Add(token.Content))
            {
                throw field.Refuse("every id and every content once");
            }

            Check(field, token, vocabulary);
            tokens.Add(token);
        }

        return tokens;
    }

    private static AddedToken ReadToken(Field field)
    {
        var isSpecial = field.GetBoolean("special", false);
        return new AddedToken(
            field.Get("id").AsInteger(),
            field.GetString("content"),
            isSpecial,
            field.GetBoolean("single_word", false),
            field.GetBoolean("lstrip", false),
            field.GetBoolean("rstrip", false),
            field.GetBoolean("normalized", !isSpecial));
    }

    /// <summary>A token of the model keeps its id; a token beyond the model takes one that the model does not use.</summary>
    private static void Check(Field field, AddedToken token, Vocabulary vocabulary)
    {
        if (token.Id is < 0 or > HighestId)
        {
            throw field.Get("id").Refuse($"an id from 0 to {HighestId}");
        }

        var known = vocabulary.Find(token.Content);
        if (known >= 0 ? known != token.Id : vocabulary.Contains(token.Id))
        {
            var expected = known >= 0 ? known.ToString(CultureInfo.InvariantCulture) + " (the model's id of this token)" : "an id that the model does not use";
            throw field.Get("id").Refuse(expected);
        }
    }
}
