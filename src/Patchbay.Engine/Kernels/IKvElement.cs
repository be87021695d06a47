namespace Patchbay.Engine.Kernels;

/// <summary>How attention reads stored keys and values; one implementation for each <see cref="KvFormat"/>.</summary>
internal unsafe interface IKvElement
{
    /// <summary>Whether every vector of a head has a scale.</summary>
    static abstract bool IsScaled { get; }

    /// <summary>Values from <paramref name="place"/> on, without their scale.</summary>
    static abstract TVector Load<TSimd, TVector>(byte* block, nint place)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged;
}

/// <summary>Float32.</summary>
internal readonly unsafe struct KvF32 : IKvElement
{
    public static bool IsScaled => false;

    public static TVector Load<TSimd, TVector>(byte* block, nint place)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.Load((float*)block + place);
}

/// <summary>bfloat16.</summary>
internal readonly unsafe struct KvBF16 : IKvElement
{
    public static bool IsScaled => false;

    public static TVector Load<TSimd, TVector>(byte* block, nint place)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.LoadBFloat16((ushort*)block + place);
}

/// <summary>8-bit whole numbers.</summary>
internal readonly unsafe struct KvQ8 : IKvElement
{
    public static bool IsScaled => true;

    public static TVector Load<TSimd, TVector>(byte* block, nint place)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged => TSimd.LoadInt8((sbyte*)block + place);
}
