namespace Patchbay.Engine.Kernels;

/// <summary>An operation on each row by itself. A struct whose fields are its arguments.</summary>
internal interface IRowKernel
{
    void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged;
}

/// <summary>Runs row kernels on the worker pool, several rows a task.</summary>
internal static class RowJobs
{
    // Below this many values, waking a worker costs more than the work.
    private const int ValuesPerTask = 16 * 1024;

    /// <param name="pool">The workers.</param>
    /// <param name="kernel">What to do with a row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Values that one row touches, to size the tasks.</param>
    public static void RunRows<TKernel>(this WorkerPool pool, in TKernel kernel, int rows, int columns)
        where TKernel : struct, IRowKernel
    {
        var perTask = Math.Max(1, ValuesPerTask / Math.Max(1, columns));
        var job = new Job<TKernel>(kernel, rows, perTask);
        pool.Run(ref job, (rows + perTask - 1) / perTask);
    }

    private readonly struct Job<TKernel>(TKernel kernel, int rows, int perTask) : IParallelJob
        where TKernel : struct, IRowKernel
    {
        private readonly TKernel _kernel = kernel;

        public unsafe void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var last = Math.Min(rows, (task + 1) * perTask);
            for (var row = task * perTask; row < last; row++)
            {
                _kernel.Apply<TSimd, TVector>(row);
            }
        }
    }
}
