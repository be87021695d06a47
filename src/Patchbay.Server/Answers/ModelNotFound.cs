using Patchbay.Control.Routing;
using Patchbay.Server.Adapters;
using Patchbay.Server.Http;

namespace Patchbay.Server.Answers;

/// <summary>The 404 for a model string that leads nowhere; lists what there is instead.</summary>
internal static class ModelNotFound
{
    private const int MostListed = 32;
    private const int MostQuoted = 160;

    /// <param name="field">The field that held the string.</param>
    public static ApiError Describe(RouteKind kind, string? model, AdapterService adapters, string field = "model")
    {
        var quoted = model is null ? "" : model.Length <= MostQuoted ? model : string.Concat(model.AsSpan(0, MostQuoted), "…");
        var reason = kind switch
        {
            RouteKind.AmbiguousDigest => $"Several adapter versions begin with the digits of '{quoted}'; write more of them.",
            RouteKind.MalformedDigest => $"'{quoted}' does not end in sha256: and {ModelRouter.MinDigestDigits} to 64 hexadecimal digits.",
            _ => field == "model" ? $"The model '{quoted}' does not exist." : $"'{field}' names '{quoted}', which does not exist.",
        };
        return ApiError.NotFound($"{reason} Available: {List(adapters)}.", field, "model_not_found");
    }

    /// <summary>The names that requests can use, the base first.</summary>
    public static string List(AdapterService adapters)
    {
        var names = adapters.Aliases.Aliases.Select(alias => alias.Name).Order(StringComparer.Ordinal).ToArray();
        var listed = string.Join(", ", names.Take(MostListed).Prepend(adapters.BaseName));
        return names.Length > MostListed ? $"{listed} and {names.Length - MostListed} more" : listed;
    }
}
