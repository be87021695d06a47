using System.Text.Json;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

/// <summary>The language piece by piece, against what Jinja itself printed.</summary>
public sealed class JinjaGoldenTests
{
    private static readonly string s_folder = Path.Combine(Fixtures.Own, "text", "templates");
    private static readonly DateTimeOffset s_now = new(2026, 3, 5, 14, 7, 9, TimeSpan.Zero);

    /// <summary>Templates that fail here with words of our own: the original words name Python classes.</summary>
    private static readonly HashSet<string> s_ownWords =
    [
        "{{ raise_exception() }}",
        "{{ dict.__subclasses__() }}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
    ];

    [Fact]
    public void EveryPieceOfTheLanguage_Render_MatchesJinja()
    {
        var variables = JsonElement.Parse(File.ReadAllText(Path.Combine(s_folder, "jinja_context.json")));
        var cases = JsonLines.Read(Path.Combine(s_folder, "jinja.jsonl.gz"));
        var failures = cases.Select(test => Check(test, variables)).OfType<string>().ToList();

        Assert.Equal(437, cases.Count);
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases.Count} differ:\n{string.Join('\n', failures)}");
    }

    /// <summary>What differs, or null.</summary>
    private static string? Check(JsonElement test, JsonElement variables)
    {
        var source = test.GetProperty("template").GetString()!;
        try
        {
            var output = ChatTemplate.Parse(source, new Dictionary<string, string>()).RenderVariables(variables, s_now);
            if (test.TryGetProperty("error", out var missing))
            {
                return $"{source}\n    expected error: {missing.GetProperty("message")}\n    found: {output}";
            }

            var expected = test.GetProperty("out").GetString();
            return output == expected || test.TryGetProperty("opaque", out _) ? null : $"{source}\n    expected: {expected}\n    found:    {output}";
        }
        catch (ChatTemplateException exception)
        {
            if (!test.TryGetProperty("error", out var error))
            {
                return $"{source}\n    failed: {exception.Message}";
            }

            var expected = error.GetProperty("message").GetString();
            return exception.Reason == expected || s_ownWords.Contains(source)
                ? null
                : $"{source}\n    expected error: {expected}\n    found error:    {exception.Reason}";
        }
    }
}
