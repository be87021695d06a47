using Patchbay.Engine.Tensors;

namespace Patchbay.Benchmarks;

/// <summary>Buffers of random values, the same in every run.</summary>
internal static unsafe class RandomMemory
{
    public static NativeBuffer Floats(long count)
    {
        var random = new Random(20_261_124);
        var buffer = NativeBuffer.Of<float>(count);
        for (var i = 0L; i < count; i++)
        {
            buffer.Floats[i] = (random.NextSingle() * 2) - 1;
        }

        return buffer;
    }

    /// <summary>Float32 values cut to bfloat16.</summary>
    public static NativeBuffer BFloat16(long count)
    {
        using var floats = Floats(count);
        var buffer = NativeBuffer.Of<ushort>(count);
        for (var i = 0L; i < count; i++)
        {
            ((ushort*)buffer.Data)[i] = ((ushort*)floats.Data)[(2 * i) + 1];
        }

        return buffer;
    }
}
