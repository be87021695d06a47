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
    public bool Has(string name) => weights.TryGet(name, out _);

    /// <summary>Weights of shape (rows, columns) as they are stored.</summary>
    public WeightMatrix Matrix(string name, int rows, int columns)
    {
        var tensor = Take(name, [rows, columns]);
        return new WeightMatrix(tensor.Type, rows, columns, tensor.Pointer);
    }

    /// <summary>Weights of shape (rows, columns) that are stored as (columns, rows).</summary>
    public WeightMatrix TransposedMatrix(string name, int rows, int columns)
    {
        var tensor = Take(name, [columns, rows]);
        var (values, bytes) = tensor.Type.Block();
        if (values != 1)
        {
            throw new InvalidDataException($"{weights.Name}: tensor {name}: blocks of {tensor.Type} cannot be transposed.");
        }

        var buffer = new NativeBuffer((long)rows * columns * bytes);
        _owned.Add(buffer);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                var source = tensor.Pointer + (((long)column * rows) + row) * bytes;
                Buffer.MemoryCopy(source, buffer.Data + (((long)row * columns) + column) * bytes, bytes, bytes);
            }
        }

        return new WeightMatrix(tensor.Type, rows, columns, buffer.Data);
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
    public void Ignore(string name) => _used.Add(name);

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

    private NativeBuffer Allocate(int count)
    {
        var buffer = NativeBuffer.Of<float>(count);
        _owned.Add(buffer);
        return buffer;
    }

    private TensorView Take(string name, ReadOnlySpan<long> shape)
    {
        if (!weights.TryGet(name, out var tensor))
        {
            throw new InvalidDataException($"{weights.Name}: tensor {name} is missing, though the configuration needs it.");
        }

        _used.Add(name);
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
