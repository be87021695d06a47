using System.Diagnostics;
using System.Text.Json;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

/// <summary>Templates that were written to hang or exhaust the process: each is refused, soon and in words.</summary>
public sealed class JinjaBudgetTests
{
    private static readonly JsonElement s_noVariables = JsonElement.Parse("{}");

    /// <summary>Generous, since the machine that runs the tests may be busy; the costliest takes about half a second.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    public static TheoryData<string> HostileTemplates =>
    [
        // Loops without an end in sight.
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{% for a in range(99999) if false %}{% endfor %}" + Repeat("{% for a in range(99999) if false %}{% endfor %}", 200),
        "{{ range(10 ** 12) }}",
        "{{ range(0, 10 ** 30, 10 ** 29) | list }}{{ range(-10 ** 40, 10 ** 40) }}",
        // Recursion.
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{% if true %}{{ a() ~ a() }}{% endif %}{% endmacro %}{{ a() }}",
        "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% macro r() %}{% call m() %}{{ r() }}{% endcall %}{% endmacro %}{{ r() }}",
        "{% block b %}{{ self.b() }}{% endblock %}",
        "{% set ns = namespace() %}{% for i in [1] recursive %}{% set ns.f = loop %}{{ loop([1]) }}{% endfor %}",
        "{% macro m(a=m()) %}{{ m() }}{% endmacro %}{{ m() }}",
        // Long texts.
        "{{ 'a' * 10 ** 9 }}",
        "{{ 'a' * 10 ** 100 }}",
        "{{ 10 ** 18 * 'abc' }}",
        "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(64) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{{ s.replace('', s) }}",
        "{% set s = 'a' * 10000000 %}{{ s.replace('a', s) }}",
        "{% set s = 'a' * 10000000 %}{{ s.join(s) }}",
        "{% set s = 'a' * 10000000 %}{{ ([s] * 1000) | join(s) }}",
        "{% set s = 'a' * 10000000 %}{% for i in range(99999) %}{% set t = s[1:] %}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% for i in range(99999) %}{% set t = s.upper() %}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% for i in range(99999) %}{% if 'b' in s %}{% endif %}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% for i in range(99999) %}{{ s.count('b') }}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{{ s | list | length }}",
        "{% set s = 'a ' * 5000000 %}{{ s.split() | length }}{{ s.split(' ') | length }}",
        "{% set s = '\\n' * 10000000 %}{{ s.splitlines() | length }}",
        "{% set s = '\\n' * 10000000 %}{{ s | indent(1000, blank=true) }}",
        "{{ 'a'.center(10 ** 12) }}",
        "{{ 'a'.ljust(10 ** 12) }}",
        "{{ '5'.zfill(10 ** 30) }}",
        "{{ '\\t'.expandtabs(10 ** 12) }}",
        "{{ '%*d' % (10 ** 12, 5) }}",
        "{{ '%999999999999d' % 5 }}",
        "{{ '%.999999999f' % 5 }}",
        "{{ '{:999999999999}'.format(5) }}",
        "{{ '{:.999999999f}'.format(5.5) }}",
        "{{ '{:{}}'.format('x', 10 ** 12) }}",
        "{{ [1] | tojson(indent=10 ** 12) }}",
        "{{ 'a' | indent(10 ** 12) }}",
        "{{ ('a ' * 100000) | wordwrap(1, wrapstring='a' * 10000) }}",
        "{% for i in range(99999) %}{{ 'x' * 10000 }}{% endfor %}",
        // Comparing and searching, which makes nothing.
        "{% set s = 'a' * 10000000 %}{% set t = 'a' * 10000000 %}{% for i in range(99999) %}{% if s == t %}{% endif %}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% set t = 'a' * 10000000 %}{% for i in range(99999) %}{{ {s: 1}[t] }}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% set d = {s: 1} %}{% for i in range(99999) %}{% if d.get('a' ~ s) %}{% endif %}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% for i in range(99999) %}{% for c in s %}{% break %}{% endfor %}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% for i in range(99999) %}{% if s[-1] %}{% endif %}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% set p = 'a' * 99999 ~ 'b' ~ 'a' * 99999 %}{% for i in range(99999) %}{% if p in s %}{% endif %}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% set p = 'a' * 99999 ~ 'b' ~ 'a' * 99999 %}"
            + "{% for i in range(99999) %}{{ s.find(p) }}{{ s.rfind(p) }}{{ s.count(p) }}{{ s.split(p, 1) | length }}{% endfor %}",
        "{% set s = 'a' * 10000000 %}{% set p = ('a' * 9999999 ~ 'b',) * 1000000 %}{{ s.startswith(p) }}",
        "{% set t = (1,) * 1000000 %}{% set d = {t: 1} %}{% for i in range(99999) %}{{ d[i] }}{{ d[t] }}{% endfor %}",
        "{% set ns = namespace(x=(1, 2)) %}{% for i in range(31) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}",
        "{% set ns = namespace(x={}.items(), y={}.items()) %}{% for i in range(99999) %}"
            + "{% set ns.x = {1: ns.x}.items() %}{% set ns.y = {1: ns.y}.items() %}{% endfor %}{{ ns.x == ns.y }}",
        "{% macro m(a) %}{{ kwargs }}{% endmacro %}{% set ns = namespace(l=[]) %}"
            + "{% for i in range(2000) %}{% set ns.l = ns.l + [('k' ~ i, i)] %}{% endfor %}{{ m(**dict(ns.l)) }}",
        // Large numbers.
        "{{ 2 ** (10 ** 9) }}",
        "{{ 9 ** (9 ** (9 ** 9)) }}",
        "{% set ns = namespace(n=10) %}{% for i in range(99999) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
        "{{ (10 ** 4000 * 10 ** 800) }}",
        "{{ " + new string('9', 5000) + " }}",
        "{{ ('9' * 1000000) | int + 'x' }}",
        // Large and deep data.
        "{{ [0] * 10 ** 9 }}",
        "{{ ([0] * 1000000) * 1000000 }}",
        "{% set ns = namespace(x=[0]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[0]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[0]) %}{% for i in range(99) %}{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}{{ ns.x | tojson }}",
        "{% set ns = namespace(x=[0], y=[0]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
        "{% set ns = namespace(x=[0], y=[1]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x < ns.y }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        "{% set ns = namespace(x=()) %}{% for i in range(99999) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {ns.x: 1} }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99999) %}{% set ns.x = ns.x | map('string') %}{% endfor %}{{ ns.x | list }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99999) %}{% set ns.x = ns.x | select %}{% endfor %}{{ ns.x | first }}",
        "{{ [1] | batch(10 ** 12, 0) | list }}",
        "{{ [1] | slice(10 ** 12) | list }}",
        "{{ range(99999) | sort(attribute='a') }}{{ (range(99999) | list * 100) | sort }}",
        "{% set l = range(99999) | list %}{% for i in l %}{{ l.count(i) }}{% endfor %}",
        "{% set l = range(99999) | list %}{% for i in l %}{% if -1 in l %}{% endif %}{% endfor %}",
        "{% set ns = namespace(d={}) %}{% for i in range(99999) %}{% set ns.d = dict(ns.d, **{'k' ~ i: i}) %}{% endfor %}",
        "{% set ns = namespace(ns=0) %}{% set ns.ns = ns %}{{ ns }}",
        // Deep sources.
        "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}",
        "{{ " + new string('[', 100_000) + new string(']', 100_000) + " }}",
        "{{ " + Repeat("{1:", 50_000) + "1" + Repeat("}", 50_000) + " }}",
        "{{ " + Repeat("-", 100_000) + "1 }}",
        "{{ " + Repeat("not ", 100_000) + "1 }}",
        "{{ 1" + Repeat(" + 1", 100_000) + " }}",
        "{{ 1" + Repeat(" and 1", 100_000) + " }}",
        "{{ 1" + Repeat(" ** 1", 100_000) + " }}",
        "{{ 1" + Repeat(" if 1 else 1", 50_000) + " }}",
        "{{ x" + Repeat(".y", 100_000) + " }}",
        "{{ x" + Repeat("[0]", 100_000) + " }}",
        "{{ x" + Repeat("()", 100_000) + " }}",
        "{{ x" + Repeat("|list", 100_000) + " }}",
        "{{ x" + Repeat(" is none", 2) + " }}",
        "{% filter upper" + Repeat("|upper", 100_000) + " %}{% endfilter %}",
        "{{ 1" + Repeat(" if 1", 100_000) + " }}",
        "{{ " + Repeat("'a' ", 300_000) + "+ 1 }}",
        "{{ raise_exception('a' * 10000000) + missing }}",
        "{{ x is " + Repeat("eq [", 50_000) + " }}",
        "{{ f" + Repeat("(f", 50_000) + " }}",
        Repeat("{% if true %}", 50_000),
        Repeat("{% for x in y %}", 50_000),
        Repeat("{% macro m() %}", 50_000),
        "{% set " + new string('(', 50_000) + " = 1 %}",
        "{% for " + new string('(', 50_000) + " in x %}{% endfor %}",
        "{# " + new string('x', 2_000_000) + " #}",
    ];

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(HostileTemplates))]
    public void HostileTemplate_Render_IsRefusedSoon(string source)
    {
        var clock = Stopwatch.StartNew();

        var exception = Assert.Throws<ChatTemplateException>(() => Render(source));

        Assert.True(clock.Elapsed < s_soon, $"took {clock.Elapsed}");
        Assert.NotEqual(ChatTemplateErrorKind.Caller, exception.Kind);
        Assert.True(exception.Message.Length is > 0 and < 5000, exception.Message);
    }

    [Theory]
    [InlineData("{{ 'a' * 10 ** 9 }}", "text of more than")]
    [InlineData("{{ [0] * 10 ** 9 }}", "lists of more than")]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "nested too deeply")]
    [InlineData("{{ 2 ** (10 ** 9) }}", "bits")]
    public void HostileTemplate_Render_NamesTheLimitAndTheLine(string source, string reason)
    {
        var exception = Assert.Throws<ChatTemplateException>(() => Render("\n" + source));

        Assert.Contains(reason, exception.Reason, StringComparison.Ordinal);
        Assert.Equal(2, exception.Line);
    }

    [Fact]
    public void SmallStack_RecursiveMacro_IsRefusedAndDoesNotCrash()
    {
        Exception? caught = null;
        var thread = new Thread(() => caught = Record.Exception(() => Render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")), maxStackSize: 256 * 1024);

        thread.Start();
        thread.Join();

        Assert.IsType<ChatTemplateException>(caught);
    }

    [Fact]
    public void DeepData_Render_IsRefusedAsTheCallersFault()
    {
        var json = Repeat("[", 2000) + Repeat("]", 2000);
        var messages = JsonDocument.Parse($$"""[{"role": "user", "content": {{json}}}]""", new JsonDocumentOptions { MaxDepth = 5000 }).RootElement;
        var template = ChatTemplate.Parse("{{ messages }}", new Dictionary<string, string>());

        var exception = Assert.Throws<ChatTemplateException>(() => template.Render(new ChatTemplateInput { Messages = messages }));

        Assert.Equal(ChatTemplateErrorKind.Caller, exception.Kind);
    }

    [Fact]
    public void LongHonestConversation_Render_IsWithinTheBudget()
    {
        var template = ChatTemplate.Parse(
            "{% for m in messages %}<|{{ m.role }}|>{{ m.content | trim }}{% if not loop.last and messages[loop.index].role == m.role %}!{% endif %}{% endfor %}",
            new Dictionary<string, string>());
        var message = $$"""{"role": "user", "content": "{{new string('x', 1000)}}"}""";
        var messages = JsonElement.Parse("[" + string.Join(',', Enumerable.Repeat(message, 4000)) + "]");

        var text = template.Render(new ChatTemplateInput { Messages = messages });

        Assert.True(text.Length > 4_000_000);
    }

    private static string Render(string source) =>
        ChatTemplate.Parse(source, new Dictionary<string, string>()).RenderVariables(s_noVariables, DateTimeOffset.UnixEpoch);

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
