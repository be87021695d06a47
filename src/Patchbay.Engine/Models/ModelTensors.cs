using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>
/// The tensors of a checkpoint as a model takes them: each checked for its shape, what must be changed at load in memory that
/// belongs to the model. Remembers what was taken, so that what nobody wants can be refused.
/// </summary>
internal sealed unsafe class ModelTensors(IWeightSource weights) : IDisposable
{
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<IDisposable> _owned = [];

    /// <summary>Whether the checkpoint has this tensor.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Weights of shape (rows, columns) as they are stored.</summary>
    public WeightMatrix Matrix(string name, int rows, int columns)
    {
        var tensor = Take(name, [rows, columns]);
        return new WeightMatrix(tensor.Type, rows, columns, tensor.Pointer);
    }

    /// <summary>Weights of shape (rows, columns) that Hugging Face stores as (columns, rows).</summary>
    public WeightMatrix TransposedMatrix(string name, int rows, int columns)
    {
        if (weights.StoresOutputsFirst)
        {
            return Matrix(name, rows, columns);
        }

        var tensor = Take(name, [columns, rows]);
        var buffer = new NativeBuffer(tensor.ByteLength);
        _owned.Add(buffer);
        switch (tensor.Type.Block())
        {
            case (1, sizeof(ushort)):
                Transpose((ushort*)tensor.Pointer, (ushort*)buffer.Data, rows, columns);
                break;
            case (1, sizeof(uint)):
                Transpose((uint*)tensor.Pointer, (uint*)buffer.Data, rows, columns);
                break;
            default:
                throw new InvalidDataException($"{weights.Name}: tensor {name}: values stored as {tensor.Type} cannot be transposed.");
        }

        return new WeightMatrix(tensor.Type, rows, columns, buffer.Data);
    }

    /// <summary>Weights of several matrices (rows, columns) that are stored as one tensor (count, rows, columns).</summary>
    public IReadOnlyList<WeightMatrix> Stack(string name, int count, int rows, int columns)
    {
        var tensor = Take(name, [count, rows, columns]);
        var bytes = tensor.ByteLength / count;
        return [.. Enumerable.Range(0, count).Select(i => new WeightMatrix(tensor.Type, rows, columns, tensor.Pointer + (i * bytes)))];
    }

    /// <summary>Weights of several matrices (rows, columns) that are stored as one tensor (count, columns, rows).</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="count">How many matrices.</param>
    /// <param name="rows">Outputs of each.</param>
    /// <param name="columns">Inputs of each.</param>
    /// <param name="alternating">Of how many parts the rows alternate in the tensor; the parts come one after the other here.</param>
    public IReadOnlyList<WeightMatrix> TransposedStack(string name, int count, int rows, int columns, int alternating = 1)
    {
        var tensor = Take(name, [count, columns, rows]);
        var (values, bytes) = tensor.Type.Block();
        if (values != 1)
        {
            throw new InvalidDataException($"{weights.Name}: tensor {name}: blocks of {tensor.Type} cannot be transposed.");
        }

        var buffer = new NativeBuffer(tensor.ByteLength);
        _owned.Add(buffer);
        var target = buffer.Data;
        for (var i = 0; i < count; i++)
        {
            for (var row = 0; row < rows; row++)
            {
                var source = tensor.Pointer + ((((long)i * columns * rows) + Stored(row, rows, alternating)) * bytes);
                for (var column = 0; column < columns; column++, target += bytes, source += (long)rows * bytes)
                {
                    Buffer.MemoryCopy(source, target, bytes, bytes);
                }
            }
        }

        var size = (long)rows * columns * bytes;
        return [.. Enumerable.Range(0, count).Select(i => new WeightMatrix(tensor.Type, rows, columns, buffer.Data + (i * size)))];
    }

    /// <summary>Vectors of a tensor (count, length) as float32, parts put in order as in <see cref="TransposedStack"/>.</summary>
    public NativeBuffer StackedVectors(string name, int count, int length, int alternating = 1)
    {
        var stored = Vector(name, [count, length]).AsSpan<float>();
        var ordered = new float[stored.Length];
        for (var i = 0; i < ordered.Length; i++)
        {
            ordered[i] = stored[(i / length * length) + Stored(i % length, length, alternating)];
        }

        return Computed(ordered);
    }

    /// <summary>A vector as float32, whatever it is stored as.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="shape">Its shape; empty for a scalar.</param>
    /// <param name="offset">Added to every value.</param>
    public NativeBuffer Vector(string name, ReadOnlySpan<long> shape, float offset = 0)
    {
        var tensor = Take(name, shape);
        var vector = Allocate((int)tensor.Count);
        WeightDecoder.Decode(tensor.Type, tensor.Pointer, (int)tensor.Count, vector.Floats);
        foreach (ref var value in vector.AsSpan<float>())
        {
            value += offset;
        }

        return vector;
    }

    /// <summary>Several vectors of <paramref name="length"/> values, one after the other.</summary>
    public NativeBuffer Vectors(IReadOnlyList<string> names, int length)
    {
        var vectors = Allocate(names.Count * length);
        for (var i = 0; i < names.Count; i++)
        {
            Vector(names[i], [length]).AsSpan<float>().CopyTo(vectors.AsSpan<float>()[(i * length)..]);
        }

        return vectors;
    }

    /// <summary>Values that are computed instead of stored.</summary>
    public NativeBuffer Computed(ReadOnlySpan<float> values)
    {
        var vector = Allocate(values.Length);
        values.CopyTo(vector.AsSpan<float>());
        return vector;
    }

    /// <summary>Says that a tensor may be there though nothing computes with it.</summary>
    public void Ignore(string name) => _used.Add(Find(name)?.Name ?? name);

    /// <summary>The same for all tensors whose name begins so: parts of a checkpoint that only speculative decoding uses.</summary>
    public void IgnoreAll(string prefix) => _used.UnionWith(weights.Names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)));

    /// <exception cref="InvalidDataException">The checkpoint has a tensor that nobody took.</exception>
    public void RefuseUnused(string modelType)
    {
        // Old checkpoints store what is computed from the configuration.
        var unknown = weights.Names.FirstOrDefault(name =>
            !_used.Contains(name) && !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal));
        if (unknown is not null)
        {
            throw new InvalidDataException($"{weights.Name}: tensor {unknown} is no part of a {modelType} model that is known here.");
        }
    }

    public void Dispose()
    {
        _owned.ForEach(item => item.Dispose());
        weights.Dispose();
    }

    // Where row number `row` of the parts in order is, if parts alternate.
    private static int Stored(int row, int rows, int alternating)
    {
        var length = rows / alternating;
        return (row % length * alternating) + (row / length);
    }

    private NativeBuffer Allocate(int count)
    {
        var buffer = NativeBuffer.Of<float>(count);
        _owned.Add(buffer);
        return buffer;
    }

    private static void Transpose<T>(T* source, T* target, int rows, int columns)
        where T : unmanaged
    {
        // In squares that stay in the cache, whichever side they are seen from.
        const int Side = 32;
        for (var firstRow = 0; firstRow < rows; firstRow += Side)
        {
            for (var firstColumn = 0; firstColumn < columns; firstColumn += Side)
            {
                for (var row = firstRow; row < Math.Min(rows, firstRow + Side); row++)
                {
                    for (var column = firstColumn; column < Math.Min(columns, firstColumn + Side); column++)
                    {
                        target[((nint)row * columns) + column] = source[((nint)column * rows) + row];
                    }
                }
            }
        }
    }

    // Checkpoints of a model without its head lack the first part of the name: GPT-2's h.0.ln_1 is transformer.h.0.ln_1.
    private TensorView? Find(string name) =>
        weights.TryGet(name, out var tensor) || weights.TryGet(name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..], out tensor) ? tensor : null;

    private TensorView Take(string name, ReadOnlySpan<long> shape)
    {
        var tensor = Find(name)
            ?? throw new InvalidDataException($"{weights.Name}: tensor {name} is missing, though the configuration needs it.");
        _used.Add(tensor.Name);
        if (!tensor.Shape.AsSpan().SequenceEqual(shape))
        {
            throw new InvalidDataException(
                $"{weights.Name}: tensor {name}: expected shape [{string.Join(", ", shape.ToArray())}] by the configuration, found {tensor.ShapeText}.");
        }

        return WeightDecoder.Supports(tensor.Type)
            ? tensor
            : throw new InvalidDataException($"{weights.Name}: tensor {name}: values stored as {tensor.Type} are not supported.");
    }
}
