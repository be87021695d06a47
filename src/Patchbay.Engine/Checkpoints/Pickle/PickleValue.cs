using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Checkpoints.Pickle;

/// <summary>A value that a pickle of tensors is made of. There are no others: nothing here can do anything.</summary>
internal abstract record PickleValue;

internal sealed record PickleMark : PickleValue;

/// <summary>None, True, False: nothing that a tensor depends on.</summary>
internal sealed record PickleConstant : PickleValue;

internal sealed record PickleNumber(long Value) : PickleValue;

internal sealed record PickleText(string Value) : PickleValue;

internal sealed record PickleTuple(IReadOnlyList<PickleValue> Items) : PickleValue
{
    /// <summary>How many tuples lie within each other at most.</summary>
    public int Depth { get; } = 1 + Items.Max(item => (item as PickleTuple)?.Depth) ?? 1;
}

/// <summary>A name of the short list of names that are known: a storage type or a function that makes a tensor.</summary>
internal sealed record PickleGlobal(string Name) : PickleValue;

/// <summary>Entries in the order in which they were set.</summary>
internal sealed record PickleDictionary(List<(PickleValue Key, PickleValue Value)> Entries) : PickleValue;

/// <summary>Bytes of another file of the archive.</summary>
internal sealed record PickleStorage(ElementType Type, string Key, long Count) : PickleValue;

/// <summary>A view of a storage.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides) : PickleValue;
