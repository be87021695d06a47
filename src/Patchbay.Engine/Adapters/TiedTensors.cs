using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>What <c>ensure_weight_tying</c> promises of a file: embedding and head change alike.</summary>
internal static unsafe class TiedTensors
{
    /// <exception cref="AdapterRefusedException">A value of one differs from the other's.</exception>
    public static void RefuseUnequal(TensorView one, TensorView other)
    {
        using var first = LoraDeltaFactory.Copy(one, 0, (int)one.Shape[0]);
        using var second = LoraDeltaFactory.Copy(other, 0, (int)other.Shape[0]);
        RefuseUnequal(first, second, one.Name, other.Name);
    }

    /// <exception cref="AdapterRefusedException">A value of one differs from the transposed other's.</exception>
    public static void RefuseUnequalTransposed(TensorView one, TensorView other)
    {
        using var first = LoraDeltaFactory.Copy(one, 0, (int)one.Shape[0]);
        using var second = LoraDeltaFactory.Transpose(other);
        RefuseUnequal(first, second, one.Name, $"{other.Name} transposed");
    }

    private static void RefuseUnequal(WeightMatrix one, WeightMatrix other, string name, string otherName)
    {
        if (!AreEqual(one, other))
        {
            throw new AdapterRefusedException(
                $"{AdapterFiles.WeightsFile}: ensure_weight_tying: expected tensor {name} to equal {otherName}, found other values.");
        }
    }

    /// <summary>Whether both have the same values, however they are encoded.</summary>
    public static bool AreEqual(WeightMatrix one, WeightMatrix other)
    {
        if (one.Rows != other.Rows || one.Columns != other.Columns)
        {
            return false;
        }

        using var first = NativeBuffer.Of<float>(one.Columns);
        using var second = NativeBuffer.Of<float>(one.Columns);
        for (var row = 0; row < one.Rows; row++)
        {
            WeightDecoder.DecodeRow(one, row, first.Floats);
            WeightDecoder.DecodeRow(other, row, second.Floats);
            if (!first.AsSpan<float>().SequenceEqual(second.AsSpan<float>()))
            {
                return false;
            }
        }

        return true;
    }
}
