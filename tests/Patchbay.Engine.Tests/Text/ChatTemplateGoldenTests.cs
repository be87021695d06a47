using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

/// <summary>Real chat templates with many conversations, against what transformers' apply_chat_template made of them.</summary>
public sealed class ChatTemplateGoldenTests(ITestOutputHelper log)
{
    private const int AllCases = 2993;

    [Fact]
    public void EveryTemplateAndConversation_Render_MatchesTransformers()
    {
        if (Fixtures.Shared is null)
        {
            Assert.Skip("the chat templates are not at hand: set PATCHBAY_FIXTURES");
        }

        var folder = Path.Combine(Fixtures.Shared, "text", "templates");
        var conversations = JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "conversations.json")));
        var description = JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "templates.json")));
        var now = new DateTimeOffset(description.GetProperty("clock").GetDateTime(), TimeSpan.Zero);
        var templates = description.GetProperty("templates").EnumerateObject().ToDictionary(entry => entry.Name, entry => Open(folder, entry));
        var cases = JsonLines.Read(Path.Combine(folder, "cases.jsonl.gz"));
        var failures = new List<string>();
        var ran = 0;
        foreach (var test in cases)
        {
            var name = test.GetProperty("template").GetString()!;
            if (templates[name] is not { } template)
            {
                continue;
            }

            ran++;
            var conversation = test.GetProperty("conversation").GetString()!;
            if (Check(test, template, conversations.GetProperty(conversation), now) is { } difference)
            {
                failures.Add($"{name} / {conversation}: {difference}");
            }
        }

        Assert.Equal(AllCases, cases.Count);
        Assert.Equal(AllCases - cases.Count(test => templates[test.GetProperty("template").GetString()!] is null), ran);
        Assert.True(ran > 2800, $"only {ran} cases ran");
        Assert.True(failures.Count == 0, $"{failures.Count} of {ran} differ:\n{string.Join('\n', failures.Take(40))}");
        log.WriteLine($"{ran} of {cases.Count} cases");
    }

    /// <summary>The template, or null where its package is not installed.</summary>
    private ChatTemplate? Open(string folder, JsonProperty entry)
    {
        var source = ReadSource(folder, entry.Value);
        if (source is null)
        {
            log.WriteLine($"SKIPPED {entry.Name}: npm package {entry.Value.GetProperty("source").GetProperty("package")} is not installed (PATCHBAY_NPM)");
            return null;
        }

        Assert.Equal(entry.Value.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source))));
        var tokens = entry.Value.GetProperty("tokens").EnumerateObject().ToDictionary(token => token.Name, token => token.Value.GetString()!);
        return ChatTemplate.Parse(source, tokens);
    }

    private static string? ReadSource(string folder, JsonElement template)
    {
        if (template.TryGetProperty("file", out var file))
        {
            return File.ReadAllText(Path.Combine(folder, file.GetString()!));
        }

        var source = template.GetProperty("source");
        var packages = Environment.GetEnvironmentVariable("PATCHBAY_NPM") is { Length: > 0 } given
            ? given
            : Path.Combine(Fixtures.Repository, "artifacts", "npm", "node_modules");
        var path = Path.Combine(packages, source.GetProperty("package").GetString()!, source.GetProperty("path").GetString()!);
        return File.Exists(path) ? JsonElement.Parse(File.ReadAllText(path)).GetProperty(source.GetProperty("key").GetString()!).GetString() : null;
    }

    /// <summary>What differs, or null.</summary>
    private static string? Check(JsonElement test, ChatTemplate template, JsonElement conversation, DateTimeOffset now)
    {
        var hasOutput = test.TryGetProperty("out", out var expected);
        try
        {
            var output = template.Render(Input(conversation, now));
            return !hasOutput ? $"should fail with {test.GetProperty("error")}"
                : output == expected.GetString() ? null
                : $"\n--- expected\n{expected.GetString()}\n--- found\n{output}\n---";
        }
        catch (ChatTemplateException exception)
        {
            if (hasOutput)
            {
                return $"failed: {exception.Message}";
            }

            var error = test.GetProperty("error");
            return (error.GetProperty("kind").GetString(), exception.Kind) switch
            {
                ("raise_exception", ChatTemplateErrorKind.Raised) when exception.Message == error.GetProperty("message").GetString() => null,
                ("caller", ChatTemplateErrorKind.Caller) => null,
                ("other", ChatTemplateErrorKind.Failed) when exception.Reason == error.GetProperty("message").GetString() => null,
                _ => $"expected {error}, found {exception.Kind}: {exception.Message}",
            };
        }
    }

    private static ChatTemplateInput Input(JsonElement conversation, DateTimeOffset now) => new()
    {
        Messages = conversation.GetProperty("messages"),
        Tools = Optional(conversation, "tools"),
        Documents = Optional(conversation, "documents"),
        AddGenerationPrompt = Optional(conversation, "gen") is { ValueKind: JsonValueKind.True },
        ContinueFinalMessage = Optional(conversation, "cont") is { ValueKind: JsonValueKind.True },
        Variables = Optional(conversation, "kwargs")?.EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value),
        Now = now,
    };

    private static JsonElement? Optional(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value : null;
}
