using System.IO.Compression;
using System.Text.Json;

namespace Patchbay.Engine.Tests.Text;

/// <summary>Reads files with one JSON value per line, compressed with gzip.</summary>
internal static class JsonLines
{
    public static List<JsonElement> Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        // Lines end with \n alone: the texts hold other line separators.
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }
}
