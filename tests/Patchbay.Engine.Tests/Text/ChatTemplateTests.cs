using System.Text.Json;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

public sealed class ChatTemplateTests
{
    private static readonly Dictionary<string, string> s_tokens = new() { ["bos_token"] = "<s>" };

    [Fact]
    public void ClientVariables_NamedLikeTheTemplatesOwn_DoNotReplaceThem()
    {
        var template = ChatTemplate.Parse(
            "{{ bos_token }}{{ messages[0].content }}{{ tools }}{{ documents }}{{ add_generation_prompt }}{{ extra }}{{ self }}", s_tokens);
        var evil = JsonElement.Parse("\"evil\"");

        var text = template.Render(new ChatTemplateInput
        {
            Messages = JsonElement.Parse("""[{"role": "user", "content": "hi"}]"""),
            Variables = new Dictionary<string, JsonElement>
            {
                ["bos_token"] = evil, ["messages"] = evil, ["tools"] = evil, ["documents"] = evil,
                ["add_generation_prompt"] = evil, ["self"] = evil, ["extra"] = JsonElement.Parse("2.0"),
            },
        });

        Assert.Equal("<s>hiNoneNoneTrue2.0<TemplateReference None>", text);
    }

    [Fact]
    public void ClientVariables_NamedLikeFunctions_DoNotReplaceThem()
    {
        var template = ChatTemplate.Parse("{{ raise_exception('no') }}", s_tokens);

        var exception = Assert.Throws<ChatTemplateException>(() => template.Render(new ChatTemplateInput
        {
            Messages = JsonElement.Parse("""[{"role": "user", "content": "hi"}]"""),
            Variables = new Dictionary<string, JsonElement> { ["raise_exception"] = JsonElement.Parse("1") },
        }));

        Assert.Equal((ChatTemplateErrorKind.Raised, "no"), (exception.Kind, exception.Message));
    }

    [Fact]
    public void InvalidTemplate_Parse_NamesTheLine()
    {
        var exception = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("a\nb\n{% if %}", s_tokens));

        Assert.Equal((ChatTemplateErrorKind.Syntax, 3), (exception.Kind, exception.Line));
        Assert.Contains("Expected an expression", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownFilter_Parse_IsRefusedUnlessOnlyACondition_ReachesIt()
    {
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ x | nosuch }}", s_tokens));
        ChatTemplate.Parse("{% if x %}{{ x | nosuch }}{% endif %}{{ x | nosuch if x else 1 }}", s_tokens);
    }

    [Fact]
    public void FailingTemplate_Render_NamesTheLine()
    {
        var template = ChatTemplate.Parse("{{ bos_token }}\n{% for m in messages %}\n{{ m.content + 1 }}\n{% endfor %}", s_tokens);

        var exception = Assert.Throws<ChatTemplateException>(() => Render(template, """[{"role": "user", "content": "hi"}]"""));

        Assert.Equal((ChatTemplateErrorKind.Failed, 3), (exception.Kind, exception.Line));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("null")]
    public void MessagesOfTheWrongShape_Render_AreTheCallersFault(string messages)
    {
        var template = ChatTemplate.Parse("{{ messages }}", s_tokens);

        var exception = Assert.Throws<ChatTemplateException>(() => Render(template, messages));

        Assert.Equal(ChatTemplateErrorKind.Caller, exception.Kind);
    }

    [Theory]
    [InlineData("""[{"role": "assistant", "content": [{"type": "text", "text": "The answer"}, {"type": "image"}]}]""")]
    [InlineData("""[{"role": "assistant", "content": "The answer"}]""")]
    public void ContinuedMessage_Render_EndsWithItsText(string messages)
    {
        var template = ChatTemplate.Parse(
            "{% for m in messages %}[{% if m.content is string %}{{ m.content | trim }}{% else %}{{ m.content[0].text }}{% endif %}]{% endfor %}", s_tokens);

        var text = template.Render(new ChatTemplateInput
        {
            Messages = JsonElement.Parse(messages),
            AddGenerationPrompt = false,
            ContinueFinalMessage = true,
        });

        Assert.Equal("[The answer", text);
    }

    [Fact]
    public async Task OneInstance_RenderedFromManyThreads_AlwaysGivesTheSameText()
    {
        var template = ChatTemplate.Parse(
            "{% set ns = namespace(n=0) %}{% macro show(m) %}{{ m.role }}:{{ m.content }}{% endmacro %}"
            + "{% for m in messages %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{{ show(m) | upper }}{{ loop.cycle('a', 'b') }}{% endfor %}", s_tokens);
        var work = Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            for (var round = 0; round < 200; round++)
            {
                var text = Render(template, $$"""[{"role": "u", "content": "w{{worker}}"}, {"role": "v", "content": "{{round}}"}]""");
                Assert.Equal($"1U:W{worker}a2V:{round}b", text);
            }
        }));

        await Task.WhenAll(work);
    }

    private static string Render(ChatTemplate template, string messages) =>
        template.Render(new ChatTemplateInput { Messages = JsonElement.Parse(messages) });
}
