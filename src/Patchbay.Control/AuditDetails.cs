using System.Globalization;
using System.Text.Json;

namespace Patchbay.Control;

/// <summary>Writes the details of an audit record: a JSON object of what is not null.</summary>
internal static class AuditDetails
{
    public static string Of(params ReadOnlySpan<(string Name, string? Json)> members)
    {
        var written = new List<string>();
        foreach (var (name, json) in members)
        {
            if (json is not null)
            {
                written.Add($"\"{name}\":{json}");
            }
        }
        return $"{{{string.Join(',', written)}}}";
    }

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Truth(bool value) => value ? "true" : "false";

    public static string? Text(string? value) => value is null ? null : $"\"{JsonEncodedText.Encode(value)}\"";

    public static string List(IEnumerable<VersionDigest> digests) => $"[{string.Join(',', digests.Select(digest => $"\"{digest}\""))}]";
}
