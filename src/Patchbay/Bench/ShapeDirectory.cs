using System.Globalization;

namespace Patchbay.Bench;

/// <summary>
/// Where the random model of a shape is: <c>base</c>, adapters of rank 16 below <c>adapters</c>, and in <c>large</c> one of about
/// 60 MB. Written once, under another name first, so that a directory that exists is complete.
/// </summary>
/// <param name="Root">The directory of all three.</param>
internal sealed record ShapeDirectory(string Root)
{
    public const int AdapterCount = 8;
    public const int AdapterRank = 16;
    private const long LargeBytes = 60_000_000;
    private const ulong Seed = 20_261_124;

    // Part of the directory's name: raise it when other bytes are written.
    private const int Version = 1;

    public string Base => Path.Combine(Root, "base");

    public string Adapters => Path.Combine(Root, "adapters");

    public string Large => Path.Combine(Root, "large");

    /// <summary>Finds the shape in the user's cache directory, or writes it there.</summary>
    public static ShapeDirectory InCache(ModelShape shape)
    {
        var target = Path.Combine(CacheRoot(), string.Create(CultureInfo.InvariantCulture, $"{shape.Name}-{Version}"));
        return Directory.Exists(target) ? new ShapeDirectory(target) : Write(shape, target);
    }

    /// <summary>Writes the shape.</summary>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="target">A directory that does not exist yet.</param>
    /// <exception cref="IOException">It exists, or cannot be written.</exception>
    public static ShapeDirectory Write(ModelShape shape, string target)
    {
        if (Path.Exists(target))
        {
            throw new IOException($"{target} exists already; name a directory that does not.");
        }
        var parent = Path.GetDirectoryName(Path.GetFullPath(target))!;
        Directory.CreateDirectory(parent);
        var unfinished = new ShapeDirectory(Path.Combine(parent, $".{Path.GetFileName(target)}-{Environment.ProcessId}"));
        try
        {
            RandomModel.WriteBase(shape, unfinished.Base, Seed);
            for (var i = 1; i <= AdapterCount; i++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"a{i}");
                RandomModel.WriteAdapter(shape, Path.Combine(unfinished.Adapters, name), AdapterRank, Seed + (ulong)i);
            }
            RandomModel.WriteAdapter(shape, unfinished.Large, RandomModel.RankFor(shape, LargeBytes), Seed + AdapterCount + 1);
            Directory.Move(unfinished.Root, target);
        }
        catch
        {
            if (Directory.Exists(unfinished.Root))
            {
                Directory.Delete(unfinished.Root, recursive: true);
            }
            throw;
        }
        return new ShapeDirectory(target);
    }

    private static string CacheRoot()
    {
        if (OperatingSystem.IsWindows())
        {
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "patchbay", "shapes");
        }
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        return Path.Combine(
            string.IsNullOrEmpty(cache) ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache") : cache,
            "patchbay",
            "shapes");
    }
}
