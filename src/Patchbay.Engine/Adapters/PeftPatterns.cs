using System.Text.RegularExpressions;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// Which modules a configuration names, by the rules of PEFT (<c>tuners_utils.check_target_module_exists</c>,
/// <c>utils.other.get_pattern_key</c>). Patterns come from strangers: they run without backtracking, so none runs away.
/// </summary>
internal static class PeftPatterns
{
    private static readonly Dictionary<string, string[]> s_defaultTargets = new()
    {
        ["llama"] = ["q_proj", "v_proj"],
        ["qwen2"] = ["q_proj", "v_proj"],
        ["qwen3"] = ["q_proj", "v_proj"],
    };

    /// <summary>The targeted modules in the order of the table.</summary>
    /// <exception cref="AdapterRefusedException">A name matches no module, or a pattern cannot be used.</exception>
    public static List<AdaptableModule> Targets(PeftConfig config, ModuleTable modules)
    {
        RefuseLayersOutOfRange(config, modules);
        var excluded = Matcher("exclude_modules", config.Excluded, config.ExcludedPattern);
        var candidates = modules.Modules.Where(module => !module.IsPart && !excluded(module.Path)).ToList();
        if (config.TargetPattern == "all-linear")
        {
            return [.. candidates.Where(module => module is { Kind: ModuleKind.Linear, IsOutputHead: false })];
        }

        if (config is { Parameters.Count: > 0, TargetPattern: null } && config.Targets is not { Count: > 0 })
        {
            return [];
        }

        var names = config.Targets ?? (config.TargetPattern is null ? DefaultTargets(modules.ModelType) : []);
        RefuseNamesWithoutModule(names, modules);
        var targeted = Matcher("target_modules", names, config.TargetPattern);
        var found = candidates.Where(module => targeted(module.Path) && IsInLayers(config, module.Path)).ToList();
        if (found.Find(module => module.Kind == ModuleKind.Norm) is { } norm)
        {
            throw new AdapterRefusedException(
                $"{AdapterFiles.ConfigFile}: target_modules names {norm.Path}, which is a norm; expected linear layers and embeddings.");
        }

        return found.Count > 0
            ? found
            : throw new AdapterRefusedException(
                $"{AdapterFiles.ConfigFile}: target_modules ({config.TargetPattern ?? string.Join(", ", names)}) names no module of the base model.");
    }

    /// <summary>The value of the first key that matches the end of the path at a dot, in file order; else the default.</summary>
    public static double Lookup(string field, IReadOnlyList<(string Key, double Value)> pattern, string path, double fallback)
    {
        foreach (var (key, value) in pattern)
        {
            if (Compile(field, $@"^(.*\.)?({key})$").IsMatch(path))
            {
                return value;
            }
        }

        return fallback;
    }

    private static string[] DefaultTargets(string modelType) =>
        s_defaultTargets.GetValueOrDefault(modelType)
        ?? throw new AdapterRefusedException($"{AdapterFiles.ConfigFile}: target_modules is not given, and there is no default for {modelType} models.");

    private static Func<string, bool> Matcher(string field, IReadOnlyList<string> names, string? pattern)
    {
        if (pattern is null)
        {
            return path => names.Any(name => EndsWithName(path, name));
        }

        var regex = Compile(field, $"^(?:{pattern})$");
        return path => regex.IsMatch(path);
    }

    /// <summary>Whether the last parts of a path are this name.</summary>
    public static bool EndsWithName(string path, string name) =>
        path.EndsWith(name, StringComparison.Ordinal) && (path.Length == name.Length || path[path.Length - name.Length - 1] == '.');

    private static Regex Compile(string field, string pattern)
    {
        if (NestedRepetition.IsIn(pattern))
        {
            throw new AdapterRefusedException(
                $"{AdapterFiles.ConfigFile}: {field}: the pattern repeats a repetition, as in (a+)+, which PEFT can take forever to match.");
        }

        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new AdapterRefusedException(
                $"{AdapterFiles.ConfigFile}: {field}: the pattern is not a regular expression that can be matched in bounded time.", exception);
        }
    }

    private static void RefuseNamesWithoutModule(IEnumerable<string> names, ModuleTable modules)
    {
        foreach (var name in names)
        {
            if (!modules.Modules.Any(module => !module.IsPart && EndsWithName(module.Path, name)))
            {
                throw new AdapterRefusedException(
                    $"{AdapterFiles.ConfigFile}: target_modules: the base model has no module named {name} that can be adapted; it has {string.Join(", ", modules.Modules.Where(module => module.IsTarget).Select(module => module.Leaf).Distinct())}.");
            }
        }
    }

    private static void RefuseLayersOutOfRange(PeftConfig config, ModuleTable modules)
    {
        foreach (var layer in config.Layers ?? [])
        {
            if (layer < 0 || layer >= modules.LayerCount)
            {
                throw new AdapterRefusedException(
                    $"{AdapterFiles.ConfigFile}: layers_to_transform: expected layers from 0 to {modules.LayerCount - 1}, found {layer}.");
            }
        }
    }

    private static bool IsInLayers(PeftConfig config, string path)
    {
        if (config.Layers is not { } layers)
        {
            return true;
        }

        var patterns = config.LayersPattern.Count > 0 ? config.LayersPattern.Select(Regex.Escape) : [@"[^.]*"];
        return patterns.Any(name =>
            Compile("layers_pattern", $@"^.*?\.{name}\.(\d+)\.").Match(path) is { Success: true } match
            && layers.Contains(int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)));
    }
}
