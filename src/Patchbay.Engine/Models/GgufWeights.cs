using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Patchbay.Engine.Checkpoints.Gguf;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>
/// A GGUF file in the words of Hugging Face: metadata as a configuration, tensors under their original names and in their
/// original order of rows. Adapters are trained on the latter.
/// </summary>
internal sealed unsafe class GgufWeights : IWeightSource
{
    private readonly GgufFile _file;
    private readonly GgufArchitecture _architecture;
    private readonly Dictionary<string, TensorView> _tensors = [];
    private readonly List<NativeBuffer> _changed = [];

    private GgufWeights(GgufFile file)
    {
        _file = file;
        var metadata = new GgufMetadata(file);
        _architecture = GgufArchitectures.Find(metadata);
        Config = GgufConfig.Read(file, metadata, _architecture);
        foreach (var tensor in file.Tensors)
        {
            // Factors of the frequencies are part of the configuration.
            if (!tensor.Name.StartsWith("rope_f", StringComparison.Ordinal))
            {
                Add(metadata.Architecture, tensor);
            }
        }
    }

    public ModelConfig Config { get; }

    public GgufFile File => _file;

    public string Name => "The GGUF file";

    public bool StoresOutputsFirst => _architecture.StoresOutputsFirst;

    public IEnumerable<string> Names => _tensors.Keys;

    /// <exception cref="InvalidDataException">The file is no valid GGUF file, or its architecture is not known.</exception>
    public static GgufWeights Open(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            return new GgufWeights(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public bool TryGet(string name, [NotNullWhen(true)] out TensorView? tensor) => _tensors.TryGetValue(name, out tensor);

    public void Dispose()
    {
        _changed.ForEach(buffer => buffer.Dispose());
        _file.Dispose();
    }

    private void Add(string architecture, GgufTensor tensor)
    {
        var name = _architecture.Translate(tensor.Name, out var part)
            ?? throw new InvalidDataException($"GGUF tensor '{tensor.Name}' belongs to no part of a {architecture} model that is known here.");
        var type = ToElementType(tensor);
        var data = Data(tensor, part);
        if (name.Contains('*', StringComparison.Ordinal))
        {
            AddExperts(name, type, tensor, data);
            return;
        }

        // A matrix of one row may have lost that dimension.
        long[] shape = part == "ffn_gate_inp_shexp" && tensor.Shape.Length == 1 ? [1, tensor.Shape[0]] : tensor.Shape;
        _tensors.Add(name, new TensorView(name, type, shape, (nint)data, tensor.ByteLength));
    }

    private void AddExperts(string name, ElementType type, GgufTensor tensor, byte* data)
    {
        if (tensor.Shape is not [var count, var rows, var columns])
        {
            throw new InvalidDataException(
                $"GGUF tensor '{tensor.Name}': expected shape (experts, outputs, inputs), found [{string.Join(", ", tensor.Shape)}].");
        }

        var bytes = tensor.ByteLength / count;
        for (var i = 0; i < count; i++)
        {
            var expert = name.Replace("*", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            _tensors.Add(expert, new TensorView(expert, type, [rows, columns], (nint)(data + (i * bytes)), bytes));
        }
    }

    private byte* Data(GgufTensor tensor, string part) => _architecture.Rows switch
    {
        GgufRows.NeighbouringPairs when part is "attn_q" or "attn_k" =>
            Reorder(tensor, PairedRow(tensor, part == "attn_q" ? Config.HeadCount : Config.KvHeadCount)),
        GgufRows.GroupedHeads when part == "attn_qkv" => Reorder(tensor, GroupedRow(tensor)),
        _ when _architecture.NormsHoldOneMore && part.EndsWith("norm", StringComparison.Ordinal) => OneLess(tensor),
        _ => _file.DataOf(tensor),
    };

    private static ElementType ToElementType(GgufTensor tensor) => tensor.SupportedType.Name switch
    {
        "Q2_K" => ElementType.Q2K,
        "Q3_K" => ElementType.Q3K,
        "Q4_K" => ElementType.Q4K,
        "Q5_K" => ElementType.Q5K,
        "Q6_K" => ElementType.Q6K,
        "IQ4_NL" => ElementType.IQ4NL,
        var name => Enum.Parse<ElementType>(name),
    };

    private static Func<int, int> PairedRow(GgufTensor tensor, int heads) => GgufRowOrder.Paired(Divide(tensor, heads));

    // Where the file has queries, keys and values one after the other, Hugging Face has for each key head its queries, key and value.
    private Func<int, int> GroupedRow(GgufTensor tensor)
    {
        var heads = Config.HeadCount;
        var groups = Config.Boolean("multi_query", false) ? 1 : Config.Whole("num_kv_heads", Config.KvHeadCount);
        var headDim = Divide(tensor, heads + (2 * groups));
        var (queries, size) = (heads / groups, (heads / groups) + 2);
        return row =>
        {
            var (group, within) = (row / headDim / size, row / headDim % size);
            var head = within < queries ? (group * queries) + within : heads + group + (within == queries ? 0 : groups);
            return (head * headDim) + (row % headDim);
        };
    }

    private static int Divide(GgufTensor tensor, int heads) => tensor.Shape[0] % heads == 0 && tensor.Shape[0] / heads is var size && size % 2 == 0
        ? (int)size
        : throw new InvalidDataException(
            $"GGUF tensor '{tensor.Name}': expected rows for {heads} heads of an even size, found [{string.Join(", ", tensor.Shape)}].");

    private byte* Reorder(GgufTensor tensor, Func<int, int> source)
    {
        var rows = (int)tensor.Shape[0];
        var rowBytes = tensor.ByteLength / rows;
        var buffer = new NativeBuffer(tensor.ByteLength);
        _changed.Add(buffer);
        for (var row = 0; row < rows; row++)
        {
            Buffer.MemoryCopy(_file.DataOf(tensor) + (source(row) * rowBytes), buffer.Data + (row * rowBytes), rowBytes, rowBytes);
        }

        return buffer.Data;
    }

    private byte* OneLess(GgufTensor tensor)
    {
        if (tensor.Type.Name != "F32")
        {
            throw new InvalidDataException($"GGUF tensor '{tensor.Name}': expected the values of a norm as F32, found {tensor.Type.Name}.");
        }

        var buffer = new NativeBuffer(tensor.ByteLength);
        _changed.Add(buffer);
        var values = new ReadOnlySpan<float>(_file.DataOf(tensor), (int)(tensor.ByteLength / sizeof(float)));
        for (var i = 0; i < values.Length; i++)
        {
            buffer.Floats[i] = values[i] - 1;
        }

        return buffer.Data;
    }
}
