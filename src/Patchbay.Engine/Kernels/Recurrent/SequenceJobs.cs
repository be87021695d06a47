using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Recurrent;

/// <summary>The states of one recurrent layer, slot after slot.</summary>
/// <param name="Data">First value of slot 0.</param>
/// <param name="Stride">Values from one slot to the next.</param>
internal readonly record struct StateLayer(nint Data, long Stride)
{
    public unsafe float* Of(int slot) => (float*)Data + (slot * Stride);

    /// <summary>What lies behind the first values of every slot.</summary>
    public unsafe StateLayer Skip(int values) => new((nint)((float*)Data + values), Stride);
}

/// <summary>
/// A recurrence over the rows of one sequence, split into parts (heads, blocks of channels) that know nothing of each other. It
/// goes row by row, so that the state after a row is the same however the sequence is cut into steps.
/// </summary>
internal interface ISequenceKernel
{
    /// <summary>Goes over all rows of the sequence, for one part.</summary>
    void Step<TSimd, TVector>(PagedRows rows, int part)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged;
}

/// <summary>Runs recurrences on the worker pool: one task for each sequence and part.</summary>
internal static class SequenceJobs
{
    public static void RunSequences<TKernel>(this WorkerPool pool, in TKernel kernel, PagedRows[] sequences, int sequenceCount, int parts)
        where TKernel : struct, ISequenceKernel
    {
        var job = new Job<TKernel>(kernel, sequences, parts);
        pool.Run(ref job, sequenceCount * parts);
    }

    private readonly struct Job<TKernel>(TKernel kernel, PagedRows[] sequences, int parts) : IParallelJob
        where TKernel : struct, ISequenceKernel
    {
        private readonly TKernel _kernel = kernel;

        public unsafe void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged => _kernel.Step<TSimd, TVector>(sequences[task / parts], task % parts);
    }
}
