using System.Text.Json;
using Patchbay.Server.Adapters;
using Patchbay.Server.Http;

namespace Patchbay.Server.Answers;

/// <summary>
/// Reads who answers: <c>model</c>, or one of the fields beside it. <c>adapters</c> is this server's own, <c>adapter_id</c> and
/// <c>merged_adapters</c> are LoRAX's, <c>lora</c> is llama.cpp's.
/// </summary>
internal static class SelectionFields
{
    private const int MaxAdapters = 16;
    private const int MaxListed = 1024;
    private static readonly string[] Choosing = ["adapter", "adapter_id", "adapters", "merged_adapters", "lora"];

    /// <summary>Reads the one field that chooses; adapters are null where the model string does.</summary>
    public static (string? Model, AdapterSelection? Adapters) Read(RequestFields fields, string baseName)
    {
        var model = fields.Text("model");
        var given = Choosing.Where(field => fields.TryGet(field, out _)).ToArray();
        if (given.Length > 1)
        {
            fields.Report(given[1], $"'{given[0]}' and '{given[1]}' both choose what answers; send one of them.");
        }
        if (given.Length != 1)
        {
            return (model, null);
        }
        var field = given[0];
        var single = field is "adapter" or "adapter_id" ? fields.Text(field) : null;
        if (model is not (null or "" or "base" or "default") && model != baseName && model != single)
        {
            var quoted = model.Length <= 64 ? model : model[..64];
            fields.Report(field, $"'{field}' and 'model' ('{quoted}') both choose what answers; send one of them, or '{baseName}' as 'model'.");
        }
        return field switch
        {
            "adapters" => (null, ReadAdapters(fields)),
            "merged_adapters" => (null, ReadMergedAdapters(fields)),
            "lora" => (null, ReadLora(fields)),
            _ => (single, null),
        };
    }

    private static AdapterSelection? ReadAdapters(RequestFields fields)
    {
        if (fields.Array("adapters") is not { } given || !HasFittingLength(fields, "adapters", given.GetArrayLength()))
        {
            return null;
        }
        var parts = new List<SelectedAdapter>();
        foreach (var item in given.EnumerateArray())
        {
            var place = $"adapters[{parts.Count}]";
            RefuseOtherMembers(fields, place, item, "name", "weight");
            parts.Add(new SelectedAdapter(
                ReadName(fields, $"{place}.name", Member(item, "name")), 0, ReadWeight(fields, $"{place}.weight", Member(item, "weight"), 1)));
        }
        return new AdapterSelection("adapters", parts);
    }

    // LoRAX adds up the factors themselves, which has cross terms; the sum here is that of the changes, as its names promise.
    private static AdapterSelection? ReadMergedAdapters(RequestFields fields)
    {
        if (fields.Object("merged_adapters") is not { } given)
        {
            return null;
        }
        RefuseOtherMembers(fields, "merged_adapters", given, "ids", "weights", "merge_strategy", "density", "majority_sign_method");
        var strategy = Member(given, "merge_strategy");
        if (strategy.ValueKind != JsonValueKind.Undefined && !(strategy.ValueKind == JsonValueKind.String && strategy.ValueEquals("linear")))
        {
            fields.Report(
                "merged_adapters.merge_strategy",
                $"'merged_adapters.merge_strategy' must be \"linear\", a weighted sum; found {JsonText.Show(strategy)}.", "unsupported_parameter");
        }
        var ids = Member(given, "ids");
        var weights = Member(given, "weights");
        if (ids.ValueKind != JsonValueKind.Array)
        {
            Expect(fields, "merged_adapters.ids", "an array of adapter names", ids);
            return null;
        }
        var count = ids.GetArrayLength();
        if (!HasFittingLength(fields, "merged_adapters.ids", count))
        {
            return null;
        }
        if (weights.ValueKind != JsonValueKind.Undefined && (weights.ValueKind != JsonValueKind.Array || weights.GetArrayLength() != count))
        {
            Expect(fields, "merged_adapters.weights", $"an array of {count} numbers, one for each id", weights);
            return null;
        }
        var parts = Enumerable.Range(0, count).Select(i => new SelectedAdapter(
            ReadName(fields, $"merged_adapters.ids[{i}]", ids[i]), 0,
            weights.ValueKind == JsonValueKind.Array ? ReadWeight(fields, $"merged_adapters.weights[{i}]", weights[i], null) : 1));
        return new AdapterSelection("merged_adapters", [.. parts]);
    }

    // Adapters that are not listed do not act, so an empty list is the base model.
    private static AdapterSelection? ReadLora(RequestFields fields)
    {
        if (fields.Array("lora") is not { } given)
        {
            return null;
        }
        if (given.GetArrayLength() > MaxListed)
        {
            fields.Report("lora", $"'lora' must list at most {MaxListed} adapters; found {given.GetArrayLength()}.");
            return null;
        }
        var parts = new List<SelectedAdapter>();
        foreach (var item in given.EnumerateArray())
        {
            var place = $"lora[{parts.Count}]";
            RefuseOtherMembers(fields, place, item, "id", "scale");
            var id = Member(item, "id");
            if (!RequestFields.TryGetWhole(id, out var index) || index is < 0 or > int.MaxValue)
            {
                Expect(fields, $"{place}.id", "an id of GET /lora-adapters, from 0", id);
            }
            parts.Add(new SelectedAdapter(null, (int)index, ReadWeight(fields, $"{place}.scale", Member(item, "scale"), null)));
        }
        var acting = parts.Count(part => part.Weight != 0);
        return acting == 0 || HasFittingLength(fields, "lora", acting) ? new AdapterSelection("lora", parts) : null;
    }

    private static string ReadName(RequestFields fields, string place, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } name)
        {
            return name;
        }
        Expect(fields, place, "an adapter's name", value);
        return "";
    }

    private static float ReadWeight(RequestFields fields, string place, JsonElement value, float? otherwise)
    {
        if (value.ValueKind == JsonValueKind.Undefined && otherwise is { } usual)
        {
            return usual;
        }
        if (value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out var weight) && float.IsFinite(weight))
        {
            // Minus zero adds the same nothing and must not have a digest of its own.
            return weight == 0 ? 0 : weight;
        }
        Expect(fields, place, "a finite number that 32 bits hold", value);
        return 1;
    }

    private static bool HasFittingLength(RequestFields fields, string place, int count)
    {
        if (count is >= 1 and <= MaxAdapters)
        {
            return true;
        }
        fields.Report(place, $"'{place}' must name 1 to {MaxAdapters} adapters; found {count}.");
        return false;
    }

    // A misspelt weight would be taken for 1, and nobody would see it.
    private static void RefuseOtherMembers(RequestFields fields, string place, JsonElement value, params ReadOnlySpan<string> known)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            fields.Expect(place, "an object", value);
            return;
        }
        foreach (var member in value.EnumerateObject())
        {
            if (!known.Contains(member.Name))
            {
                var name = member.Name.Length <= 64 ? member.Name : member.Name[..64];
                fields.Report(place, $"'{place}' must hold nothing but {string.Join(", ", known)}; found '{name}'.");
            }
        }
    }

    // Null counts as absent, as in the request itself.
    private static JsonElement Member(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : default;

    private static void Expect(RequestFields fields, string place, string expected, JsonElement found)
    {
        if (found.ValueKind == JsonValueKind.Undefined)
        {
            fields.Report(place, $"'{place}' is missing; expected {expected}.", "missing_required_parameter");
        }
        else
        {
            fields.Expect(place, expected, found);
        }
    }
}
