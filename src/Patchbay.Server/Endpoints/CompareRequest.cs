using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>What <c>POST /v1/compare</c> has beside the fields of a chat completion.</summary>
internal static class CompareRequest
{
    private const int MinModels = 2;
    private const int MaxModels = 4;

    /// <summary>How many answers a body asks for; 1 where it will be refused.</summary>
    public static int CountModels(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("models"u8, out var models) && models.ValueKind == JsonValueKind.Array
        && models.GetArrayLength() is >= MinModels and <= MaxModels and var count
            ? count
            : 1;

    /// <summary>Reads <c>models</c>; <c>model</c> and <c>adapters</c> have no meaning here and are refused.</summary>
    public static bool TryRead(JsonElement root, [NotNullWhen(true)] out List<string>? models, [NotNullWhen(false)] out ApiError? error)
    {
        models = [];
        var fields = new RequestFields(root);
        fields.Refuse("model", "name what answers in 'models'.");
        fields.Refuse("adapters", "name what answers in 'models'.");
        var given = fields.Array("models");
        if (given is not { } list || list.GetArrayLength() is < MinModels or > MaxModels)
        {
            fields.Report("models", $"'models' must be an array of {MinModels} to {MaxModels} names of models, adapters or versions.");
        }
        else
        {
            foreach (var name in list.EnumerateArray())
            {
                if (name.ValueKind == JsonValueKind.String)
                {
                    models.Add(name.GetString()!);
                    continue;
                }
                fields.Expect("models", "strings", name);
            }
        }
        error = fields.Error;
        return error is null;
    }
}
