namespace Patchbay.Engine.Checkpoints.Gguf;

/// <summary>Where one tensor of a GGUF file lies. Offset and length are checked against the file.</summary>
/// <param name="Shape">Row-major, slowest dimension first; the file stores it the other way round.</param>
/// <param name="Offset">Bytes from the start of the file.</param>
/// <param name="ByteLength">Bytes of the encoded values, without padding.</param>
internal sealed record GgufTensor(string Name, GgmlType Type, long[] Shape, long Offset, long ByteLength)
{
    /// <summary>The encoding, if the engine can compute with it.</summary>
    /// <exception cref="InvalidDataException">The encoding is one that the engine does not apply exactly.</exception>
    public GgmlType SupportedType => Type.IsSupported
        ? Type
        : throw new InvalidDataException($"GGUF tensor '{Name}': expected an encoding that the engine supports, found {Type.Name}.");
}
