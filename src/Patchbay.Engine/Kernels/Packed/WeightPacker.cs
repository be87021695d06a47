using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// Packs weights, panels side by side on all processors. Blocks of GGUF formats whose values an encoding has are re-packed with their
/// own codes; everything else is quantised from its exact values, see <see cref="Q8Groups"/> and <see cref="Q4Groups"/>.
/// </summary>
internal static unsafe class WeightPacker
{
    /// <summary>Whether weights of this shape and type can be packed: whole groups of inputs.</summary>
    public static bool CanPack(WeightMatrix weight, PackedEncoding encoding) =>
        weight.Columns % encoding.GroupValues() == 0
        && (encoding is PackedEncoding.Q8 or PackedEncoding.Q4 || EncodingOf(weight.Type) == encoding);

    /// <summary>The encoding that keeps the codes of a GGUF format; null where none does.</summary>
    public static PackedEncoding? EncodingOf(ElementType type) => type switch
    {
        ElementType.Q8_0 => PackedEncoding.Q8,
        ElementType.Q4_0 => PackedEncoding.Q4,
        ElementType.Q4_1 or ElementType.Q4K => PackedEncoding.Q4Minimum,
        ElementType.Q5_0 => PackedEncoding.Q5,
        ElementType.Q5_1 or ElementType.Q5K => PackedEncoding.Q5Minimum,
        ElementType.Q3K or ElementType.Q6K => PackedEncoding.Q6,
        _ => null,
    };

    /// <summary>Packs all rows; null where a scale is not finite, which weights of a working model never need.</summary>
    public static PackedMatrix? Pack(WeightMatrix weight, PackedEncoding encoding)
    {
        var buffer = new NativeBuffer(PackedMatrix.ByteLengthOf(encoding, weight.Rows, weight.Columns));
        var packed = new PackedMatrix(encoding, weight.Rows, weight.Columns, buffer.Data, buffer);
        var isFinite = (encoding, weight.Type) switch
        {
            (PackedEncoding.Q8, ElementType.Q8_0) => Pack<StoredQ8>(weight, packed),
            (PackedEncoding.Q8, ElementType.Q5_0) => Pack<StoredQ5InBytes>(weight, packed),
            (PackedEncoding.Q8, ElementType.IQ4NL) => Pack<StoredIQ4NL>(weight, packed),
            (PackedEncoding.Q8, _) => Pack<Q8Groups>(weight, packed),
            (PackedEncoding.Q4, ElementType.Q4_0) => Pack<StoredQ4>(weight, packed),
            (PackedEncoding.Q4, _) => Pack<Q4Groups>(weight, packed),
            (PackedEncoding.Q4Minimum, ElementType.Q4_1) => Pack<StoredQ4Minimum>(weight, packed),
            (PackedEncoding.Q4Minimum, _) => Pack<StoredQ4K>(weight, packed),
            (PackedEncoding.Q5, _) => Pack<StoredQ5>(weight, packed),
            (PackedEncoding.Q5Minimum, ElementType.Q5_1) => Pack<StoredQ5Minimum>(weight, packed),
            (PackedEncoding.Q5Minimum, _) => Pack<StoredQ5K>(weight, packed),
            (_, ElementType.Q3K) => Pack<StoredQ3K>(weight, packed),
            _ => Pack<StoredQ6K>(weight, packed),
        };
        if (isFinite)
        {
            return packed;
        }

        packed.Dispose();
        return null;
    }

    private static bool Pack<TGroups>(WeightMatrix weight, PackedMatrix packed)
        where TGroups : struct, IGroupSource
    {
        var isFinite = true;
        Parallel.For(0, packed.PanelCount, panel =>
        {
            using var values = NativeBuffer.Of<float>(TGroups.NeedsValues ? weight.Columns : 0);
            for (var i = 0; i < PackedEncodingFacts.PanelRows; i++)
            {
                var row = (panel * PackedEncodingFacts.PanelRows) + i;
                if (row < weight.Rows && !PackRow<TGroups>(weight, row, values.Floats, packed, panel))
                {
                    Volatile.Write(ref isFinite, false);
                }
            }
        });
        return isFinite;
    }

    private static bool PackRow<TGroups>(WeightMatrix weight, int row, float* values, PackedMatrix packed, int panel)
        where TGroups : struct, IGroupSource
    {
        if (TGroups.NeedsValues)
        {
            WeightDecoder.DecodeRow(weight, row, values);
        }

        var (encoding, place) = (packed.Encoding, row % PackedEncodingFacts.PanelRows);
        var lines = packed.Panel(panel) + (place * sizeof(int));
        var scales = (ushort*)(packed.Panel(panel) + packed.CodeBytes) + place;
        var codes = stackalloc byte[PackedEncodingFacts.UsualGroupValues];
        for (var group = 0; group < packed.Groups; group++)
        {
            var (scale, minimum) = TGroups.Read(TGroups.NeedsValues ? (byte*)(values + (group * encoding.GroupValues())) : weight.Row(row), group, codes);
            if (!Half.IsFinite(BitConverter.UInt16BitsToHalf(scale)) || !Half.IsFinite(BitConverter.UInt16BitsToHalf(minimum)))
            {
                return false;
            }

            Scatter(encoding, (uint*)codes, lines);
            lines += encoding.Lines() * PackedEncodingFacts.LineBytes;
            scales[0] = scale;
            if (encoding.HasMinimum())
            {
                scales[PackedEncodingFacts.PanelRows] = minimum;
            }

            scales += encoding.ScaleBytes() / sizeof(ushort);
        }

        return true;
    }

    // Line j has the inputs 4j to 4j + 3; of nibbles, the upper ones are the inputs 16 later.
    private static void Scatter(PackedEncoding encoding, uint* codes, byte* lines)
    {
        if (encoding.LowBits() > 0)
        {
            ScatterSplit(encoding.LowBits(), encoding.Lines() - 1, codes, lines);
            return;
        }

        for (var line = 0; line < encoding.Lines(); line++, lines += PackedEncodingFacts.LineBytes)
        {
            *(uint*)lines = encoding == PackedEncoding.Q8 ? codes[line] : codes[line] | (codes[line + 4] << 4);
        }
    }

    // Four codes at a time: their upper bits as nibbles, the inputs 8j and 8j + 4 in one line, their lowest bits in the last line.
    private static void ScatterSplit(int lowBits, int nibbleLines, uint* codes, byte* lines)
    {
        const uint NibbleMask = 0x0f0f0f0f;
        var lowMask = (uint)SplitCodes.LowMask(lowBits);
        var lowest = 0u;
        for (var four = 0; four < 2 * nibbleLines; four++)
        {
            lowest |= (codes[four] & lowMask) << (lowBits * four);
        }

        for (var line = 0; line < nibbleLines; line++, lines += PackedEncodingFacts.LineBytes)
        {
            *(uint*)lines = ((codes[2 * line] >> lowBits) & NibbleMask) | (((codes[(2 * line) + 1] >> lowBits) & NibbleMask) << 4);
        }

        *(uint*)lines = lowest;
    }
}
