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
        weight.Columns % PackedEncodingFacts.GroupValues == 0
        && (encoding != PackedEncoding.Q4Minimum || weight.Type is ElementType.Q4_1 or ElementType.Q4K);

    /// <summary>Packs all rows; null where a scale is not finite, which weights of a working model never need.</summary>
    public static PackedMatrix? Pack(WeightMatrix weight, PackedEncoding encoding)
    {
        var buffer = new NativeBuffer(PackedMatrix.ByteLengthOf(encoding, weight.Rows, weight.Columns));
        var packed = new PackedMatrix(encoding, weight.Rows, weight.Columns, buffer.Data, buffer);
        var isFinite = (encoding, weight.Type) switch
        {
            (PackedEncoding.Q8, ElementType.Q8_0) => Pack<StoredQ8>(weight, packed),
            (PackedEncoding.Q8, ElementType.Q5_0) => Pack<StoredQ5>(weight, packed),
            (PackedEncoding.Q8, ElementType.IQ4NL) => Pack<StoredIQ4NL>(weight, packed),
            (PackedEncoding.Q8, _) => Pack<Q8Groups>(weight, packed),
            (PackedEncoding.Q4, ElementType.Q4_0) => Pack<StoredQ4>(weight, packed),
            (PackedEncoding.Q4, _) => Pack<Q4Groups>(weight, packed),
            (_, ElementType.Q4_1) => Pack<StoredQ4Minimum>(weight, packed),
            _ => Pack<StoredQ4K>(weight, packed),
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
        var scales = (ushort*)(packed.Panel(panel) + encoding.CodeBytes(packed.Columns)) + place;
        var codes = stackalloc byte[PackedEncodingFacts.GroupValues];
        for (var group = 0; group < packed.Groups; group++)
        {
            var (scale, minimum) = TGroups.Read(TGroups.NeedsValues ? (byte*)(values + (group * PackedEncodingFacts.GroupValues)) : weight.Row(row), group, codes);
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
        for (var line = 0; line < encoding.Lines(); line++, lines += PackedEncodingFacts.LineBytes)
        {
            *(uint*)lines = encoding == PackedEncoding.Q8 ? codes[line] : codes[line] | (codes[line + 4] << 4);
        }
    }
}
