using Patchbay.Engine.Kernels.Encodings;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>Single rows of a weight matrix as float32: embedding look-ups, norms of DoRA, conversions at load.</summary>
internal static unsafe class WeightDecoder
{
    /// <summary>Whether <see cref="MatMul"/> computes with this encoding.</summary>
    public static bool Supports(ElementType type) =>
        type is ElementType.F32 or ElementType.F16 or ElementType.BF16 or >= ElementType.Q4_0;

    /// <summary>Writes the exact values of row <paramref name="row"/>.</summary>
    public static void DecodeRow(WeightMatrix weight, int row, float* destination)
    {
        Decode(weight.Type, weight.Row(row), weight.Columns, destination);
    }

    /// <summary>Writes <paramref name="count"/> exact values that start at <paramref name="source"/>.</summary>
    public static void Decode(ElementType type, byte* source, int count, float* destination)
    {
        switch (type)
        {
            case ElementType.F32: Run<F32>(source, count, destination); break;
            case ElementType.F16: Run<F16>(source, count, destination); break;
            case ElementType.BF16: Run<BF16>(source, count, destination); break;
            case ElementType.Q8_0: Run<Q8_0>(source, count, destination); break;
            case ElementType.Q4_0: Run<Q4_0>(source, count, destination); break;
            case ElementType.Q4_1: Run<Q4_1>(source, count, destination); break;
            case ElementType.Q5_0: Run<Q5_0>(source, count, destination); break;
            case ElementType.Q5_1: Run<Q5_1>(source, count, destination); break;
            case ElementType.Q2K: Run<Q2K>(source, count, destination); break;
            case ElementType.Q3K: Run<Q3K>(source, count, destination); break;
            case ElementType.Q4K: Run<Q4K>(source, count, destination); break;
            case ElementType.Q5K: Run<Q5K>(source, count, destination); break;
            case ElementType.Q6K: Run<Q6K>(source, count, destination); break;
            case ElementType.IQ4NL: Run<IQ4NL>(source, count, destination); break;
            default: throw new NotSupportedException($"Weights stored as {type} are not supported.");
        }
    }

    private static void Run<TEncoding>(byte* source, int count, float* destination)
        where TEncoding : struct, IStoredEncoding
    {
        var kernel = new Kernel<TEncoding>(source, count, destination);
        Simd.Invoke(Simd.Path, ref kernel);
    }

    private readonly struct Kernel<TEncoding>(byte* source, int count, float* destination) : ISimdKernel
        where TEncoding : struct, IStoredEncoding
    {
        private readonly byte* _source = source;
        private readonly float* _destination = destination;
        private readonly int _count = count;

        public void Invoke<TSimd, TVector>()
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged => TEncoding.Decode<TSimd, TVector>(_source, _count, _destination);
    }
}
