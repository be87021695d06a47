using System.Text.Json;

namespace Patchbay.Server.Tests;

internal static class Json
{
    public static JsonElement Parse(string text) => JsonDocument.Parse(text).RootElement;
}
