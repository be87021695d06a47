using System.Runtime.CompilerServices;

namespace Patchbay.Engine.Kernels;

/// <summary>One value at a time: for machines without vectors, and the plainest reading of every kernel.</summary>
internal readonly unsafe struct SimdScalar : ISimd<float>
{
    public static int Count => 1;

    public static float Create(float value) => value;

    public static float Load(float* source) => *source;

    public static void Store(float vector, float* destination) => *destination = vector;

    public static float Add(float left, float right) => left + right;

    public static float Subtract(float left, float right) => left - right;

    public static float Multiply(float left, float right) => left * right;

    public static float Divide(float left, float right) => left / right;

    public static float Max(float left, float right) => MathF.Max(left, right);

    public static float Min(float left, float right) => MathF.Min(left, right);

    public static float MaxMagnitude(float most, float vector) =>
        BitConverter.Int32BitsToSingle(Math.Max(BitConverter.SingleToInt32Bits(most), BitConverter.SingleToInt32Bits(vector) & int.MaxValue));

    public static float SelectPositive(float selector, float positive, float other) => selector > 0 ? positive : other;

    public static float MultiplyAdd(float left, float right, float addend) => MathF.FusedMultiplyAdd(left, right, addend);

    public static float Round(float vector) => MathF.Round(vector);

    public static float ScaleByPowerOfTwo(float vector, float exponent) =>
        vector * BitConverter.Int32BitsToSingle(((int)exponent + 127) << 23);

    public static float Sum(float vector) => vector;

    public static void StoreSums(float a, float b, float c, float d, float* destination) =>
        (destination[0], destination[1], destination[2], destination[3]) = (a, b, c, d);

    public static float MaxAcross(float vector) => vector;

    public static float LoadBFloat16(ushort* source) => BitConverter.UInt32BitsToSingle((uint)*source << 16);

    public static float LoadHalf(ushort* source) => Simd.HalfToSingle(*source);

    public static float LoadInt8(sbyte* source) => *source;

    public static void StoreInt8(float vector, sbyte* destination) => *destination = (sbyte)vector;

    public static float LoadBits(byte* source, int shift, uint mask) => ((uint)*source >> shift) & mask;
}
