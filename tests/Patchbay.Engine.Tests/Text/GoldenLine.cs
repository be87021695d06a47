using System.Text.Json;

namespace Patchbay.Engine.Tests.Text;

/// <summary>One reference answer; what a line leaves out is filled in as the README of the fixtures says.</summary>
internal sealed record GoldenLine(string? Text, int[] Ids, int[] Framed, int[] Raw, string Decoded, string Skipped, string[]? Stream)
{
    public static GoldenLine Read(JsonElement line, string[] strings, int[] prefix, int[] suffix)
    {
        var isDecodeOnly = line.TryGetProperty("d", out var decoded);
        var ids = ReadIds(isDecodeOnly ? decoded : line.GetProperty("ids"));
        var text = isDecodeOnly ? null : line.TryGetProperty("s", out var index) ? strings[index.GetInt32()] : line.GetProperty("t").GetString()!;
        var plain = line.TryGetProperty("dec", out var dec) ? dec.GetString()! : text!;
        return new GoldenLine(
            text,
            ids,
            line.TryGetProperty("sp", out var framed) ? ReadIds(framed) : [.. prefix, .. ids, .. suffix],
            line.TryGetProperty("raw", out var raw) ? ReadIds(raw) : ids,
            plain,
            line.TryGetProperty("skip", out var skip) ? skip.GetString()! : plain,
            line.TryGetProperty("stream", out var stream) ? [.. stream.EnumerateArray().Select(x => x.GetString()!)] : null);
    }

    public static int[] ReadIds(JsonElement array) => [.. array.EnumerateArray().Select(x => x.GetInt32())];
}
