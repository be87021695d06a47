using System.Text.RegularExpressions;
using Patchbay.Engine.Checkpoints.Gguf;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>A module in the words of Hugging Face, found by the name of a GGUF tensor.</summary>
/// <param name="Path">Its path.</param>
/// <param name="SourceRow">Where the file has an output row, if it has them in another order.</param>
internal sealed record GgufModule(string Path, Func<int, int>? SourceRow);

/// <summary>Finds the module that a tensor of a GGUF file belongs to; null if the base model has none of that name and architecture.</summary>
/// <param name="architecture"><c>general.architecture</c> of the file.</param>
/// <param name="tensor">Name of the base model's tensor, for example <c>blk.0.attn_q.weight</c>.</param>
internal delegate GgufModule? GgufLookup(string architecture, string tensor);

/// <summary>
/// An adapter that llama.cpp's converter made (<c>convert_lora_to_gguf.py</c>): tensors <c>NAME.lora_a</c> of shape (r, in) and
/// <c>NAME.lora_b</c> of shape (out, r), scaled by alpha / r, or by 1 where alpha is 0 (<c>llama-adapter.h</c>). Becomes what PEFT
/// would have saved.
/// </summary>
internal static unsafe class GgufAdapter
{
    private const string ShrinkSuffix = ".lora_a";
    private const string ExpandSuffix = ".lora_b";

    // Metadata without effect on what the adapter computes.
    private static readonly string[] s_known = ["general.", "adapter.type", "adapter.lora.alpha", "adapter.lora.task_name", "adapter.lora.prompt_prefix"];

    /// <exception cref="AdapterRefusedException">The file is broken, or holds what is not applied exactly.</exception>
    public static (PeftConfig Config, IReadOnlyDictionary<string, TensorView> Tensors) Read(AdapterFiles files, ModuleTable modules)
    {
        try
        {
            return Translate(GgufFile.Parse(files.Weights.Data, files.Weights.Length), files, modules);
        }
        catch (InvalidDataException exception)
        {
            throw new AdapterRefusedException($"{files.WeightsName}: {exception.Message}", exception);
        }
    }

    private static (PeftConfig Config, IReadOnlyDictionary<string, TensorView> Tensors) Translate(GgufFile gguf, AdapterFiles files, ModuleTable modules)
    {
        Expect(gguf, "general.type", "adapter");
        Expect(gguf, "adapter.type", "lora");
        foreach (var key in gguf.Metadata.Keys.Where(key => !s_known.Any(known => key.StartsWith(known, StringComparison.Ordinal))))
        {
            throw new InvalidDataException($"GGUF key '{key}' is not known here; it may change what the adapter computes.");
        }

        var architecture = gguf.Get("general.architecture").AsString();
        var alpha = gguf.Get("adapter.lora.alpha").AsNumber();
        var tensors = new Dictionary<string, TensorView>(StringComparer.Ordinal);
        var ranks = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var tensor in gguf.Tensors)
        {
            Add(gguf, tensor, architecture, files, modules, tensors, ranks);
        }

        IReadOnlyList<(string Key, double Value)> byModule = [.. ranks.Select(entry => (Regex.Escape(entry.Key), entry.Value))];
        var config = new PeftConfig
        {
            Rank = (int)ranks.Values.DefaultIfEmpty(1).Max(),
            Alpha = alpha,
            Targets = [.. ranks.Keys],
            RankPattern = byModule,
            AlphaPattern = alpha == 0 ? byModule : [],
        };
        return (config, tensors);
    }

    private static void Add(
        GgufFile gguf, GgufTensor tensor, string architecture, AdapterFiles files, ModuleTable modules, Dictionary<string, TensorView> tensors, SortedDictionary<string, double> ranks)
    {
        var isShrink = tensor.Name.EndsWith(ShrinkSuffix, StringComparison.Ordinal);
        if (!isShrink && !tensor.Name.EndsWith(ExpandSuffix, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"GGUF tensor '{tensor.Name}': expected a name that ends in {ShrinkSuffix} or {ExpandSuffix}.");
        }

        var module = modules.Gguf(architecture, tensor.Name[..^ShrinkSuffix.Length])
            ?? throw new InvalidDataException(
                $"GGUF tensor '{tensor.Name}' changes nothing that can be adapted in a {modules.ModelType} model (general.architecture {architecture}).");
        var type = tensor.Type.Name switch
        {
            "F32" => ElementType.F32,
            "F16" => ElementType.F16,
            "BF16" => ElementType.BF16,
            var other => throw new InvalidDataException($"GGUF tensor '{tensor.Name}': expected F32, F16 or BF16, found {other}."),
        };
        var data = (nint)gguf.DataOf(tensor);
        if (isShrink)
        {
            ranks[module.Path] = tensor.Shape[0];
        }
        else if (module.SourceRow is { } sourceRow)
        {
            data = (nint)Reordered(gguf, tensor, sourceRow, files);
        }

        var name = $"base_model.model.{module.Path}.lora_{(isShrink ? 'A' : 'B')}.weight";
        tensors.Add(name, new TensorView(name, type, tensor.Shape, data, tensor.ByteLength));
    }

    private static byte* Reordered(GgufFile gguf, GgufTensor tensor, Func<int, int> sourceRow, AdapterFiles files)
    {
        var rows = (int)tensor.Shape[0];
        var rowBytes = rows == 0 ? 0 : tensor.ByteLength / rows;
        var buffer = files.Keep(new NativeBuffer(tensor.ByteLength));
        for (var row = 0; row < rows; row++)
        {
            var source = sourceRow(row);
            if (source >= rows)
            {
                throw new InvalidDataException($"GGUF tensor '{tensor.Name}': expected rows for whole heads, found {rows}.");
            }

            Buffer.MemoryCopy(gguf.DataOf(tensor) + (source * rowBytes), buffer.Data + (row * rowBytes), rowBytes, rowBytes);
        }

        return buffer.Data;
    }

    private static void Expect(GgufFile gguf, string key, string expected)
    {
        if (gguf.Get(key).AsString() is var found && found != expected)
        {
            throw new InvalidDataException($"GGUF key '{key}': expected {expected}, found {found}.");
        }
    }
}
