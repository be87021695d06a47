using System.Text.Json;
using Patchbay.Engine.Layers;

namespace Patchbay.Engine.Models;

/// <summary>
/// Reads the rotary settings of a configuration: <c>rope_parameters</c> (transformers 5) or <c>rope_theta</c> and
/// <c>rope_scaling</c> (transformers 4).
/// </summary>
internal static class RotarySettings
{
    /// <param name="config">The model's configuration.</param>
    /// <param name="dim">Values of a head that are turned.</param>
    public static RotaryFrequencies Read(ModelConfig config, int dim)
    {
        var parameters = config.Object("rope_parameters") ?? config.Object("rope_scaling");
        var theta = Number("rope_theta") ?? config.Number("rope_theta", 10000);
        var trained = Number("original_max_position_embeddings") ?? config.ContextLength;
        return Kind() switch
        {
            "default" => RotaryFrequencies.Default(dim, theta),
            "linear" => RotaryFrequencies.Linear(dim, theta, Required("factor")),
            "dynamic" => RotaryFrequencies.Dynamic(dim, theta, Required("factor"), (int)trained),
            "llama3" => RotaryFrequencies.Llama3(
                dim, theta, Required("factor"), Required("low_freq_factor"), Required("high_freq_factor"), trained),
            "yarn" => RotaryFrequencies.Yarn(dim, theta, Yarn()),
            var other => throw new InvalidDataException(
                $"config.json: rope_type: expected default, linear, dynamic, llama3 or yarn, found {other}."),
        };

        string Kind() => Text("rope_type") ?? Text("type") ?? "default";

        YarnSettings Yarn()
        {
            var factor = Number("factor") ?? config.ContextLength / trained;
            return new YarnSettings(
                factor,
                trained,
                Number("attention_factor") ?? Mscale(factor),
                Number("beta_fast") ?? 32,
                Number("beta_slow") ?? 1,
                !(parameters is { } p && p.TryGetProperty("truncate", out var truncate) && truncate.ValueKind == JsonValueKind.False));
        }

        double Mscale(double factor) =>
            Number("mscale") is { } mscale && Number("mscale_all_dim") is { } all && mscale != 0 && all != 0
                ? Scale(factor, mscale) / Scale(factor, all)
                : Scale(factor, 1);

        static double Scale(double factor, double mscale) => factor <= 1 ? 1 : (0.1 * mscale * Math.Log(factor)) + 1;

        string? Text(string name) =>
            parameters is { } p && p.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        double? Number(string name) =>
            parameters is { } p && p.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

        double Required(string name) =>
            Number(name) ?? throw new InvalidDataException($"config.json: {name} of the rotary settings: expected a number, found nothing.");
    }
}
