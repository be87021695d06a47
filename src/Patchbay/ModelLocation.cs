namespace Patchbay;

/// <summary>Where the model and its adapters are when the command line does not say so.</summary>
/// <param name="Model">The model's directory or file.</param>
/// <param name="Adapters">The directory of adapters; null where there is none.</param>
internal sealed record ModelLocation(string Model, string? Adapters)
{
    /// <summary>Finds what is not given: the demo, and <c>adapters</c> beside the model.</summary>
    /// <returns>Null where no model is given and no demo is found.</returns>
    public static ModelLocation? Find(string? model, string? adapters)
    {
        model ??= FindDemo();
        if (model is null)
        {
            return null;
        }
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(Path.TrimEndingDirectorySeparator(model))) ?? "", "adapters");
        return new ModelLocation(model, adapters ?? (Directory.Exists(beside) ? beside : null));
    }

    private static string? FindDemo()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var demo = Path.Combine(folder.FullName, "demo", "base");
            if (File.Exists(Path.Combine(demo, "config.json")))
            {
                return demo;
            }
        }
        return null;
    }
}
