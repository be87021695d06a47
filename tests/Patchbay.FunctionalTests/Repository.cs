namespace Patchbay.FunctionalTests;

internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The program as the same build configuration made it.</summary>
    public static string Program { get; } = Path.Combine(
        Root, "artifacts", "bin", "Patchbay", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "patchbay.dll");

    public static string Demo { get; } = Path.Combine(Root, "demo");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Patchbay.slnx")))
            {
                return folder.FullName;
            }
        }
        throw new DirectoryNotFoundException("The tests do not run inside the repository.");
    }
}
