using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>Rows of an embedding or head that <c>trainable_token_indices</c> replaces.</summary>
/// <param name="Module">The module.</param>
/// <param name="Tokens">Which rows.</param>
/// <param name="Values">What they are, (tokens, width).</param>
internal sealed record TrainableTokens(AdaptableModule Module, IReadOnlyList<int> Tokens, TensorView Values)
{
    private const string Field = $"{AdapterFiles.ConfigFile}: trainable_token_indices";

    /// <exception cref="AdapterRefusedException">A token is outside the vocabulary, or values are missing.</exception>
    public static List<TrainableTokens> Take(PeftConfig config, ModuleTable modules, AdapterTensors tensors, SavedValues saved)
    {
        var taken = new List<TrainableTokens>();
        foreach (var (name, tokens) in config.TrainableTokens.Where(item => item.Tokens.Count > 0))
        {
            var module = Find(name, modules);
            Check(module, tokens, saved);
            var values = tensors.Take(
                $"{module.Path}.token_adapter.trainable_tokens_delta",
                [tokens.Count, module.Weight.Columns],
                $"trainable_token_indices names rows of {module.Leaf}",
                $"{tokens.Count} trainable_token_indices");
            taken.Add(new TrainableTokens(module, tokens, values));
        }

        if (modules is { IsTied: true, OutputHead: { } head } && !taken.Exists(item => item.Module == head)
            && taken.Find(item => item.Module.IsTokenEmbedding) is { } tied)
        {
            taken.Add(tied with { Module = head });
        }

        return taken;
    }

    private static AdaptableModule Find(string? name, ModuleTable modules) =>
        (name is null
            ? modules.TokenEmbedding
            : modules.Modules.FirstOrDefault(module => IsVocabulary(module) && PeftPatterns.EndsWithName(module.Path, name)))
        ?? throw new AdapterRefusedException($"{Field}: the base model has no embedding or head named {name}.");

    private static bool IsVocabulary(AdaptableModule module) => module.Kind == ModuleKind.Embedding || module.IsOutputHead;

    private static void Check(AdaptableModule module, IReadOnlyList<int> tokens, SavedValues saved)
    {
        var rows = saved.RowsOf(module);
        foreach (var token in tokens)
        {
            if (token >= rows)
            {
                throw new AdapterRefusedException($"{Field}: expected tokens from 0 to {rows - 1}, found {token}.");
            }
        }

        if (tokens.Distinct().Count() != tokens.Count)
        {
            throw new AdapterRefusedException($"{Field}: expected each token once, found one twice.");
        }

        if (saved.IsSaved(module))
        {
            throw new AdapterRefusedException($"{Field}: {module.Path} is named by modules_to_save, too; expected one of them.");
        }
    }
}
