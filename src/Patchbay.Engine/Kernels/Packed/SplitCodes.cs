namespace Patchbay.Engine.Kernels.Packed;

/// <summary>One of the encodings whose codes are split: constants, so that compilers see them.</summary>
internal interface ISplitCodes
{
    /// <summary>Inputs that share a scale.</summary>
    static abstract int GroupValues { get; }

    /// <summary>Bits of a code that are kept apart from its upper four.</summary>
    static abstract int LowBits { get; }
}

internal readonly struct SplitQ5 : ISplitCodes
{
    public static int GroupValues => 32;

    public static int LowBits => 1;
}

internal readonly struct SplitQ6 : ISplitCodes
{
    public static int GroupValues => 16;

    public static int LowBits => 2;
}

/// <summary>Bits of split codes.</summary>
internal static class SplitCodes
{
    /// <summary>The lowest bits of four bytes.</summary>
    public static int LowMask(int count) => count == 1 ? 0x01010101 : 0x03030303;
}
