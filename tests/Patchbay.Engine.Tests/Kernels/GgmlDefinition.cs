using System.Buffers.Binary;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Kernels;

/// <summary>
/// The stored encodings once more, block by block in the order in which the format describes them: an oracle that shares nothing
/// with the engine's decoders.
/// </summary>
internal static class GgmlDefinition
{
    private static readonly int[] s_nonLinear = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void Decode(ElementType type, ReadOnlySpan<byte> row, Span<float> values)
    {
        var (count, bytes) = type.Block();
        for (var block = 0; block * count < values.Length; block++)
        {
            DecodeBlock(type, row.Slice(block * bytes, bytes), values.Slice(block * count, count));
        }
    }

    private static void DecodeBlock(ElementType type, ReadOnlySpan<byte> b, Span<float> y)
    {
        switch (type)
        {
            case ElementType.F32: y[0] = BinaryPrimitives.ReadSingleLittleEndian(b); break;
            case ElementType.F16: y[0] = Half(b, 0); break;
            case ElementType.BF16: y[0] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(b) << 16); break;
            case ElementType.Q8_0: Fill(y, b, (block, i) => Half(block, 0) * (sbyte)block[2 + i]); break;
            case ElementType.Q4_0: Fill(y, b, (block, i) => Half(block, 0) * (Nibble(block, 2, i) - 8)); break;
            case ElementType.Q4_1: Fill(y, b, (block, i) => (Half(block, 0) * Nibble(block, 4, i)) + Half(block, 2)); break;
            case ElementType.Q5_0: Fill(y, b, (block, i) => Half(block, 0) * (Nibble(block, 6, i) + (16 * Bit(block, 2, i)) - 16)); break;
            case ElementType.Q5_1: Fill(y, b, (block, i) => (Half(block, 0) * (Nibble(block, 8, i) + (16 * Bit(block, 4, i)))) + Half(block, 2)); break;
            case ElementType.IQ4NL: Fill(y, b, (block, i) => Half(block, 0) * s_nonLinear[Nibble(block, 2, i)]); break;
            case ElementType.Q2K: Q2K(b, y); break;
            case ElementType.Q3K: Q3K(b, y); break;
            case ElementType.Q4K: Q45K(b, y, highBits: -1, codes: 16); break;
            case ElementType.Q5K: Q45K(b, y, highBits: 16, codes: 48); break;
            case ElementType.Q6K: Q6K(b, y); break;
            default: throw new NotSupportedException();
        }
    }

    private static void Q2K(ReadOnlySpan<byte> b, Span<float> y)
    {
        var (position, scale) = (0, 0);
        for (var codes = 16; codes < 80; codes += 32)
        {
            for (var shift = 0; shift < 8; shift += 2)
            {
                foreach (var start in new[] { 0, 16 })
                {
                    var packed = b[scale++];
                    for (var l = 0; l < 16; l++)
                    {
                        y[position++] = (Half(b, 80) * (packed & 15) * ((b[codes + start + l] >> shift) & 3)) - (Half(b, 82) * (packed >> 4));
                    }
                }
            }
        }
    }

    private static void Q3K(ReadOnlySpan<byte> b, Span<float> y)
    {
        Span<int> scales = stackalloc int[16];
        for (var i = 0; i < 4; i++)
        {
            var high = b[96 + 8 + i];
            scales[i] = (b[96 + i] & 15) | ((high & 3) << 4);
            scales[4 + i] = (b[96 + 4 + i] & 15) | (((high >> 2) & 3) << 4);
            scales[8 + i] = (b[96 + i] >> 4) | (((high >> 4) & 3) << 4);
            scales[12 + i] = (b[96 + 4 + i] >> 4) | ((high >> 6) << 4);
        }

        var (position, scale, mask) = (0, 0, 1);
        for (var codes = 32; codes < 96; codes += 32)
        {
            for (var shift = 0; shift < 8; shift += 2, mask <<= 1)
            {
                foreach (var start in new[] { 0, 16 })
                {
                    var factor = Half(b, 108) * (scales[scale++] - 32);
                    for (var l = start; l < start + 16; l++)
                    {
                        y[position++] = factor * (((b[codes + l] >> shift) & 3) - ((b[l] & mask) != 0 ? 0 : 4));
                    }
                }
            }
        }
    }

    private static void Q45K(ReadOnlySpan<byte> b, Span<float> y, int highBits, int codes)
    {
        var position = 0;
        for (var group = 0; group < 8; group++)
        {
            var scales = b.Slice(4, 12);
            var (scale, minimum) = group < 4
                ? (scales[group] & 63, scales[group + 4] & 63)
                : ((scales[group + 4] & 15) + (scales[group - 4] / 64 * 16), (scales[group + 4] / 16) + (scales[group] / 64 * 16));
            for (var l = 0; l < 32; l++)
            {
                var packed = b[codes + (group / 2 * 32) + l];
                var code = group % 2 == 0 ? packed & 15 : packed >> 4;
                if (highBits >= 0 && (b[highBits + l] & (1 << group)) != 0)
                {
                    code += 16;
                }

                y[position++] = (Half(b, 0) * scale * code) - (Half(b, 2) * minimum);
            }
        }
    }

    private static void Q6K(ReadOnlySpan<byte> b, Span<float> y)
    {
        for (var half = 0; half < 2; half++)
        {
            var (low, high, scale) = (half * 64, 128 + (half * 32), 192 + (half * 8));
            for (var l = 0; l < 32; l++)
            {
                var q1 = ((b[low + l] & 15) | ((b[high + l] & 3) << 4)) - 32;
                var q2 = ((b[low + l + 32] & 15) | (((b[high + l] >> 2) & 3) << 4)) - 32;
                var q3 = ((b[low + l] >> 4) | (((b[high + l] >> 4) & 3) << 4)) - 32;
                var q4 = ((b[low + l + 32] >> 4) | ((b[high + l] >> 6) << 4)) - 32;
                var target = y[((half * 128) + l)..];
                target[0] = Half(b, 208) * (sbyte)b[scale + (l / 16)] * q1;
                target[32] = Half(b, 208) * (sbyte)b[scale + (l / 16) + 2] * q2;
                target[64] = Half(b, 208) * (sbyte)b[scale + (l / 16) + 4] * q3;
                target[96] = Half(b, 208) * (sbyte)b[scale + (l / 16) + 6] * q4;
            }
        }
    }

    private delegate float Value(ReadOnlySpan<byte> block, int index);

    private static void Fill(Span<float> y, ReadOnlySpan<byte> block, Value value)
    {
        for (var i = 0; i < y.Length; i++)
        {
            y[i] = value(block, i);
        }
    }

    private static float Half(ReadOnlySpan<byte> block, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

    private static int Nibble(ReadOnlySpan<byte> block, int offset, int index) =>
        index < 16 ? block[offset + index] & 15 : block[offset + index - 16] >> 4;

    private static int Bit(ReadOnlySpan<byte> block, int offset, int index) =>
        (int)(BinaryPrimitives.ReadUInt32LittleEndian(block[offset..]) >> index) & 1;
}
