using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// Cuts the tensors of a stacked parameter into one delta for each module of each expert. With E experts, expert e has rows
/// e·r … e·r + r - 1 of A and columns e, e + E, e + 2E, … of B (PEFT <c>lora.layer.ParamWrapper</c>).
/// </summary>
internal static unsafe class StackedDeltaFactory
{
    /// <summary>Puts the deltas where their modules are in <paramref name="deltas"/>.</summary>
    /// <exception cref="AdapterRefusedException">A value is not finite, or a module is changed by another target too.</exception>
    public static void Create(StackedTensors tensors, LoraDelta?[] deltas)
    {
        for (var expert = 0; expert < tensors.Parameter.Experts.Count; expert++)
        {
            foreach (var part in tensors.Parameter.Experts[expert])
            {
                if (deltas[part.Module.Index] is not null)
                {
                    throw new AdapterRefusedException(
                        $"{AdapterFiles.ConfigFile}: {tensors.Parameter.Path} is changed by target_parameters and {part.Module.Path} by target_modules; expected one of them.");
                }

                deltas[part.Module.Index] = Create(tensors, expert, part);
            }
        }
    }

    private static LoraDelta Create(StackedTensors tensors, int expert, ParameterPart part)
    {
        WeightMatrix? shrink = null;
        WeightMatrix? expand = null;
        try
        {
            shrink = LoraDeltaFactory.Copy(tensors.A, expert * tensors.Rank, tensors.Rank);
            LoraDeltaFactory.RefuseNonFinite(shrink, tensors.A.Name);
            expand = Expand(tensors, expert, part);
            LoraDeltaFactory.RefuseNonFinite(expand, tensors.B.Name);
            return new LoraDelta(shrink, expand, tensors.Scale, outputScale: null);
        }
        catch
        {
            shrink?.Dispose();
            expand?.Dispose();
            throw;
        }
    }

    /// <summary>B of one expert and module, transposed: (r, outputs of the module).</summary>
    private static WeightMatrix Expand(StackedTensors tensors, int expert, ParameterPart part)
    {
        var experts = tensors.Parameter.Experts.Count;
        var columns = tensors.Rank * experts;
        var outputs = part.Module.Weight.Rows;
        var type = LoraDeltaFactory.Stored(tensors.B.Type);
        var size = type.Block().Bytes;
        var buffer = new NativeBuffer((long)tensors.Rank * outputs * size);
        for (var rank = 0; rank < tensors.Rank; rank++)
        {
            var first = ((long)part.FirstRow * columns) + ((long)rank * experts) + expert;
            LoraDeltaFactory.CopyValues(tensors.B, first, (long)part.RowStep * columns, outputs, buffer.Data + ((nint)rank * outputs * size));
        }

        return new WeightMatrix(type, tensors.Rank, outputs, buffer.Data, buffer);
    }
}
