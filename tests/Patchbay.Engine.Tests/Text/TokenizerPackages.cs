using System.Collections.Concurrent;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Patchbay.Engine.Text;

namespace Patchbay.Engine.Tests.Text;

/// <summary>The tokenizer.json files that reference answers exist for: some in the repository, some beside it, some in npm packages.</summary>
internal static class TokenizerPackages
{
    private static readonly ConcurrentDictionary<string, Lazy<Tokenizer>> Loaded = new();

    private static readonly Dictionary<string, JsonElement> Packages = ReadPackages();

    public static string Folder { get; } = Path.Combine(Fixtures.Shared ?? Fixtures.Own, "text", "tokenizers");

    public static IEnumerable<string> Names => Packages.Keys;

    /// <summary>The tokenizer of this name; skips the test, saying what to install, when its file is not on this machine.</summary>
    public static Tokenizer Load(string name)
    {
        var bytes = ReadBytes(name);
        return Loaded.GetOrAdd(name, _ => new Lazy<Tokenizer>(() => Tokenizer.FromJson(bytes))).Value;
    }

    public static byte[] ReadBytes(string name)
    {
        var package = Packages[name];
        var path = FindFile(package);
        if (!File.Exists(path))
        {
            Assert.Skip($"Tokenizer '{name}' is not on this machine: {package.GetProperty("source").GetString()} "
                + $"{Text(package, "package")} {Text(package, "version")} {Text(package, "path")}".TrimEnd());
        }

        using var file = File.OpenRead(path);
        using var stream = path.EndsWith(".gz", StringComparison.Ordinal) ? (Stream)new GZipStream(file, CompressionMode.Decompress) : file;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var bytes = memory.ToArray();
        Assert.Equal(package.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return bytes;
    }

    /// <summary>The lines of a compressed file of one JSON value a line.</summary>
    public static List<JsonElement> ReadLines(string path)
    {
        using var file = File.OpenRead(path);
        using var stream = new GZipStream(file, CompressionMode.Decompress);
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var lines = new List<JsonElement>();
        var rest = memory.ToArray().AsMemory();
        while (!rest.IsEmpty)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (!line.IsEmpty)
            {
                lines.Add(JsonDocument.Parse(line).RootElement);
            }
        }

        return lines;
    }

    private static string FindFile(JsonElement package)
    {
        var path = package.GetProperty("path").GetString()!;
        if (package.GetProperty("source").GetString() == "file")
        {
            return Path.Combine(Folder, path);
        }

        var modules = Environment.GetEnvironmentVariable("PATCHBAY_NPM") is { Length: > 0 } named
            ? named
            : Path.Combine(Fixtures.Repository, "artifacts", "npm", "node_modules");
        return Path.Combine(modules, package.GetProperty("package").GetString()!, path);
    }

    private static string Text(JsonElement package, string name) => package.TryGetProperty(name, out var value) ? value.GetString()! : "";

    private static Dictionary<string, JsonElement> ReadPackages()
    {
        var path = Path.Combine(Fixtures.Shared ?? Fixtures.Own, "text", "tokenizers", "packages.json");
        return JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.EnumerateObject().ToDictionary(x => x.Name, x => x.Value);
    }
}
