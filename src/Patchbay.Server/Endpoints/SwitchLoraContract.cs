using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Patchbay.Control;
using Patchbay.Server.Adapters;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>The body of <c>POST /switch-lora</c>.</summary>
/// <param name="AdapterName">The adapter; null is the base.</param>
/// <param name="ExpectedGeneration">The default's generation that the caller last saw.</param>
internal sealed record SwitchLoraRequest(string? AdapterName, long? ExpectedGeneration)
{
    public static bool TryRead(
        JsonElement root, string baseName, [NotNullWhen(true)] out SwitchLoraRequest? request, [NotNullWhen(false)] out ApiError? error)
    {
        var fields = new RequestFields(root);
        // Only an explicit null returns to the base: an empty object is more likely a mistake.
        if (!root.TryGetProperty("adapter_name", out var given))
        {
            fields.Report("adapter_name", "'adapter_name' is missing; name an adapter, or send null for the base model.", "missing_required_parameter");
        }
        var name = given.ValueKind == JsonValueKind.Undefined ? null : fields.Text("adapter_name");
        if (name == baseName || name == "base")
        {
            name = null;
        }
        else if (name is not null && Control.AdapterName.FindProblem(name, baseName) is { } problem)
        {
            fields.Report("adapter_name", problem);
        }
        long? expected = null;
        if (fields.TryGet("expected_generation", out var generation))
        {
            if (RequestFields.TryGetWhole(generation, out var number) && number >= 0)
            {
                expected = number;
            }
            else
            {
                fields.Expect("expected_generation", "a whole number", generation);
            }
        }
        error = fields.Error;
        request = error is null ? new SwitchLoraRequest(name, expected) : null;
        return request is not null;
    }
}

/// <summary>What answers requests that name no model, now and before.</summary>
internal sealed record SwitchLoraResponse(
    string? AdapterName, string? Digest, long Generation, SwitchedFrom Previous, SwitchMilliseconds TimingsMs)
{
    public static SwitchLoraResponse From(SwitchedDefault result) => new(
        result.Current.Target?.Name,
        result.Current.Target?.Digest.ToString(),
        result.Current.Generation,
        new SwitchedFrom(result.Previous.Target?.Name, result.Previous.Target?.Digest.ToString(), result.Previous.Generation),
        new SwitchMilliseconds(
            Round(result.Timings.Resolve), Round(result.Timings.Load), Round(result.Timings.Verify), Round(result.Timings.Switch), Round(result.Timings.Total)));

    private static double Round(double milliseconds) => Math.Round(milliseconds, 4);
}

/// <summary>What answered before the switch.</summary>
internal sealed record SwitchedFrom(string? AdapterName, string? Digest, long Generation);

/// <summary>Milliseconds of each step.</summary>
internal sealed record SwitchMilliseconds(double Resolve, double Load, double Verify, double Switch, double Total);
