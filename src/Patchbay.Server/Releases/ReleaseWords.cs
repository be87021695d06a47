using System.Text.Json;

namespace Patchbay.Server.Releases;

/// <summary>Enums as the API writes them.</summary>
internal static class ReleaseWords
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
