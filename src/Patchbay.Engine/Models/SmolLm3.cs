namespace Patchbay.Engine.Models;

/// <summary>SmolLM3: Llama in which some layers know no positions.</summary>
internal static class SmolLm3
{
    public static DecoderModel Build(ModelBuilder model)
    {
        var config = model.Config;
        config.RequireFullAttention();
        var bias = config.Boolean("attention_bias", false);
        var interval = config.Whole("no_rope_layer_interval", 4);
        var turns = config.Numbers("no_rope_layers") ?? [.. Enumerable.Range(1, config.LayerCount).Select(layer => layer % interval == 0 ? 0 : 1)];
        if (turns.Count != config.LayerCount)
        {
            throw config.Refuse("no_rope_layers", $"a list of {config.LayerCount} numbers");
        }

        return Llama.Build(model, new LlamaDifferences
        {
            QueryKeyValueBias = bias,
            OutputBias = bias,
            MlpBias = config.Boolean("mlp_bias", false),
            TiesByDefault = true,
            Rotary = new RotaryOptions { Theta = 2_000_000 },
            // Despite its name, the list holds 1 for layers that turn.
            Attention = (layer, parts) => turns[layer] == 0 ? parts with { Rotary = null } : parts,
        });
    }
}
