using System.Collections.Frozen;
using System.Reflection;

namespace Patchbay.Server.Endpoints;

/// <summary>The console that was built into this assembly, by path; empty where npm was missing at the build.</summary>
internal static class ConsoleFiles
{
    /// <summary>The folder whose file names hold a hash of their content.</summary>
    public const string HashedFolder = "assets/";

    private const string Prefix = "console/";

    private static readonly (string Suffix, string Encoding)[] Compressed = [(".br", "br"), (".gz", "gzip")];

    private static readonly Lazy<FrozenDictionary<string, ConsoleFile>> Files = new(Read);

    /// <summary>Whether this program holds the console.</summary>
    public static bool AreBuiltIn { get; } = typeof(ConsoleFiles).Assembly.GetManifestResourceInfo(Prefix + "index.html") is not null;

    /// <summary>The page itself; null where the console is not built in.</summary>
    public static ConsoleFile? Index => Find("index.html");

    /// <summary>The paths of all files, compressed copies not counted.</summary>
    public static IEnumerable<string> Paths => Files.Value.Keys;

    /// <summary>The file at a path below the console's address.</summary>
    public static ConsoleFile? Find(string path) => Files.Value.GetValueOrDefault(path);

    private static FrozenDictionary<string, ConsoleFile> Read()
    {
        var assembly = typeof(ConsoleFiles).Assembly;
        var names = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToHashSet();
        return names.Where(name => !Compressed.Any(form => name.EndsWith(form.Suffix, StringComparison.Ordinal))).ToFrozenDictionary(
            name => name[Prefix.Length..],
            name =>
            {
                var encodings = new Dictionary<string, byte[]> { ["identity"] = ReadResource(assembly, name) };
                foreach (var (suffix, encoding) in Compressed)
                {
                    if (names.Contains(name + suffix))
                    {
                        encodings[encoding] = ReadResource(assembly, name + suffix);
                    }
                }
                return new ConsoleFile(name[Prefix.Length..], encodings);
            });
    }

    private static byte[] ReadResource(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
