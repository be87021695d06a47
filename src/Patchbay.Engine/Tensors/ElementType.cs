namespace Patchbay.Engine.Tensors;

/// <summary>How the values of a stored tensor are encoded: the plain types of safetensors and the blocks of GGUF.</summary>
internal enum ElementType
{
    F32,
    F16,
    BF16,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Bool,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2K,
    Q3K,
    Q4K,
    Q5K,
    Q6K,
    IQ4NL,
}

internal static class ElementTypeFacts
{
    /// <summary>Values per block and bytes per block; plain types are blocks of one (ggml-common.h).</summary>
    public static (int Values, int Bytes) Block(this ElementType type) => type switch
    {
        ElementType.F32 or ElementType.I32 or ElementType.U32 => (1, 4),
        ElementType.F16 or ElementType.BF16 or ElementType.I16 or ElementType.U16 => (1, 2),
        ElementType.F64 or ElementType.I64 or ElementType.U64 => (1, 8),
        ElementType.I8 or ElementType.U8 or ElementType.Bool => (1, 1),
        ElementType.Q4_0 or ElementType.IQ4NL => (32, 18),
        ElementType.Q4_1 => (32, 20),
        ElementType.Q5_0 => (32, 22),
        ElementType.Q5_1 => (32, 24),
        ElementType.Q8_0 => (32, 34),
        ElementType.Q2K => (256, 84),
        ElementType.Q3K => (256, 110),
        ElementType.Q4K => (256, 144),
        ElementType.Q5K => (256, 176),
        ElementType.Q6K => (256, 210),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>Whether the values are real numbers that weights can be made of.</summary>
    public static bool IsNumeric(this ElementType type) =>
        type is ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64 or >= ElementType.Q4_0;
}
