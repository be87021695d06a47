namespace Patchbay.Engine.Tests;

/// <summary>Where reference data lies: what was made for this project is in the repository, what others wrote is beside it.</summary>
internal static class Fixtures
{
    /// <summary>The folder that holds Patchbay.slnx.</summary>
    public static string Repository { get; } = FindUpward(AppContext.BaseDirectory, "Patchbay.slnx")
        ?? throw new DirectoryNotFoundException("The tests run outside of the repository.");

    public static string Own { get; } = Path.Combine(Repository, "tests", "fixtures");

    /// <summary>Null on a machine that lacks the data of others; tests that need it say so and are skipped.</summary>
    public static string? Shared { get; } = Environment.GetEnvironmentVariable("PATCHBAY_FIXTURES") is { Length: > 0 } named
        ? named
        : FindUpward(Repository, Path.Combine("shared", "fixtures")) is { } parent ? Path.Combine(parent, "shared", "fixtures") : null;

    private static string? FindUpward(string start, string name)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (Path.Exists(Path.Combine(folder.FullName, name)))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
