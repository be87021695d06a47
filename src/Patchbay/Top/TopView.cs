using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Patchbay.Top;

/// <summary>One picture of a server, from what <c>/admin/traffic</c> and <c>/admin/adapters</c> answer.</summary>
internal static class TopView
{
    public static IRenderable Draw(JsonElement traffic, JsonElement adapters)
    {
        var kv = traffic.GetProperty("kv");
        var cache = traffic.GetProperty("prefix_cache");
        var memory = adapters.GetProperty("memory");
        var head = new Grid().AddColumns(4);
        head.AddRow(
            $"[bold]{Show(traffic, "requests_per_second")}[/] requests/s", $"[bold]{Show(traffic, "tokens_per_second")}[/] tokens/s",
            $"[bold]{Show(traffic, "running")}[/] running", $"[bold]{Show(traffic, "waiting")}[/] waiting of {Show(traffic, "queue_limit")}");
        head.AddRow(
            $"first token {Times(traffic, "ttft_ms")}", $"each token {Times(traffic, "tpot_ms")}",
            $"KV {Share(kv, "used_blocks", "total_blocks")}", $"prefix cache {Share(cache, "hit", "queried")}");
        head.AddRow(
            $"adapters {Size(memory, "ready_bytes")} of {Size(memory, "budget_bytes")}", $"process {Size(memory, "resident_set_bytes")}",
            $"refused {Show(traffic, "rejected")}", $"default [bold]{Default(adapters)}[/]");
        return new Rows(head, Table(traffic, adapters));
    }

    private static Table Table(JsonElement traffic, JsonElement adapters)
    {
        var rates = traffic.GetProperty("adapters").EnumerateArray().ToDictionary(adapter => adapter.GetProperty("name").GetString()!, StringComparer.Ordinal);
        var table = new Table { Border = TableBorder.Simple };
        string[] columns = ["ADAPTER", "VERSION", "TIER", "SIZE", "PRIORITY", "LEASES", "REQUESTS/S", "TOKENS/S", "REQUESTS", "LAST USE"];
        foreach (var column in columns)
        {
            table.AddColumn(column);
        }
        foreach (var adapter in adapters.GetProperty("data").EnumerateArray())
        {
            var name = adapter.GetProperty("name").GetString()!;
            rates.TryGetValue(name, out var rate);
            var isKnown = rate.ValueKind == JsonValueKind.Object;
            table.AddRow(
                Markup.Escape(name) + (adapter.GetProperty("pinned").GetBoolean() ? " [dim]pinned[/]" : ""),
                adapter.GetProperty("digest").GetString()!.Substring("sha256:".Length, 12),
                Tier(adapter.GetProperty("tier").GetString()!),
                Size(adapter, "bytes"), Show(adapter, "priority"), Show(adapter, "leases"),
                isKnown ? Show(rate, "requests_per_second") : "0", isKnown ? Show(rate, "tokens_per_second") : "0",
                Show(adapter, "requests"), Ago(traffic, adapter));
        }
        return table;
    }

    private static string Tier(string tier) => tier switch
    {
        "ready" => "[green]ready[/]",
        "loading" => "[yellow]loading[/]",
        "failed" => "[red]failed[/]",
        _ => $"[dim]{Markup.Escape(tier)}[/]",
    };

    private static string Default(JsonElement adapters) =>
        Markup.Escape(adapters.GetProperty("default").GetProperty("name").GetString() ?? "base");

    private static string Ago(JsonElement traffic, JsonElement adapter) =>
        adapter.GetProperty("last_used") is { ValueKind: JsonValueKind.String } used
            ? $"{Math.Max(0, (traffic.GetProperty("time").GetDateTimeOffset() - used.GetDateTimeOffset()).TotalSeconds):F0} s ago"
            : "never";

    private static string Show(JsonElement parent, string name)
    {
        var value = parent.GetProperty(name);
        return value.ValueKind == JsonValueKind.Number ? value.GetDouble().ToString("0.##", CultureInfo.InvariantCulture) : Markup.Escape(value.ToString());
    }

    private static string Times(JsonElement traffic, string name)
    {
        var times = traffic.GetProperty("latency").GetProperty(name);
        return $"{Milliseconds(times, "p50")} / {Milliseconds(times, "p95")} ms";
    }

    private static string Milliseconds(JsonElement times, string name) =>
        times.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble().ToString("0.0", CultureInfo.InvariantCulture) : "-";

    private static string Share(JsonElement parent, string part, string whole)
    {
        var all = parent.GetProperty(whole).GetDouble();
        return all == 0 ? "0 %" : (100 * parent.GetProperty(part).GetDouble() / all).ToString("0", CultureInfo.InvariantCulture) + " %";
    }

    private static string Size(JsonElement parent, string name) =>
        parent.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? ByteSize.Show(value.GetInt64()) : "any";
}
