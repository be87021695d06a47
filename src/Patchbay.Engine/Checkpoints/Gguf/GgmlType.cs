namespace Patchbay.Engine.Checkpoints.Gguf;

/// <summary>
/// A tensor encoding of GGML: its number in files, its name, and its blocks of <see cref="BlockValues"/> values in
/// <see cref="BlockBytes"/> bytes (ggml.h, ggml-common.h). Retired numbers are unknown on purpose.
/// </summary>
internal sealed record GgmlType(uint Id, string Name, int BlockValues, int BlockBytes, bool IsSupported)
{
    private static readonly GgmlType?[] Known = Index(
    [
        new(0, "F32", 1, 4, true),
        new(1, "F16", 1, 2, true),
        new(2, "Q4_0", 32, 18, true),
        new(3, "Q4_1", 32, 20, true),
        new(6, "Q5_0", 32, 22, true),
        new(7, "Q5_1", 32, 24, true),
        new(8, "Q8_0", 32, 34, true),
        new(9, "Q8_1", 32, 36, false),
        new(10, "Q2_K", 256, 84, true),
        new(11, "Q3_K", 256, 110, true),
        new(12, "Q4_K", 256, 144, true),
        new(13, "Q5_K", 256, 176, true),
        new(14, "Q6_K", 256, 210, true),
        new(15, "Q8_K", 256, 292, false),
        new(16, "IQ2_XXS", 256, 66, false),
        new(17, "IQ2_XS", 256, 74, false),
        new(18, "IQ3_XXS", 256, 98, false),
        new(19, "IQ1_S", 256, 50, false),
        new(20, "IQ4_NL", 32, 18, true),
        new(21, "IQ3_S", 256, 110, false),
        new(22, "IQ2_S", 256, 82, false),
        new(23, "IQ4_XS", 256, 136, false),
        new(24, "I8", 1, 1, true),
        new(25, "I16", 1, 2, true),
        new(26, "I32", 1, 4, true),
        new(27, "I64", 1, 8, true),
        new(28, "F64", 1, 8, true),
        new(29, "IQ1_M", 256, 56, false),
        new(30, "BF16", 1, 2, true),
        new(34, "TQ1_0", 256, 54, false),
        new(35, "TQ2_0", 256, 66, false),
        new(39, "MXFP4", 32, 17, false),
        new(40, "NVFP4", 64, 36, false),
    ]);

    /// <summary>The encoding with this number, null when GGML has none or has retired it.</summary>
    public static GgmlType? Find(uint id) => id < Known.Length ? Known[id] : null;

    private static GgmlType?[] Index(ReadOnlySpan<GgmlType> types)
    {
        var byId = new GgmlType?[types[^1].Id + 1];
        foreach (var type in types)
        {
            byId[type.Id] = type;
        }

        return byId;
    }
}
