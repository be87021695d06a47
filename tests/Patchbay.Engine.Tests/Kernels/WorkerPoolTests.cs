using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.Tests.Kernels;

public sealed class WorkerPoolTests
{
    [Fact]
    public void ManyJobsInARow_EveryTaskRunsOnce()
    {
        using var pool = new WorkerPool(4);
        for (var round = 0; round < 2000; round++)
        {
            var counts = new int[1 + (round % 37)];
            var job = new Count(counts);
            pool.Run(ref job, counts.Length);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void TaskThatFails_IsReported_AndThePoolGoesOn()
    {
        using var pool = new WorkerPool(2);
        var failing = default(Fail);
        Assert.Throws<InvalidOperationException>(() => pool.Run(ref failing, 100));
        var counts = new int[10];
        var job = new Count(counts);
        pool.Run(ref job, counts.Length);
        Assert.All(counts, count => Assert.Equal(1, count));
    }

    private readonly struct Count(int[] counts) : IParallelJob
    {
        public unsafe void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged => Interlocked.Increment(ref counts[task]);
    }

    private readonly struct Fail : IParallelJob
    {
        public unsafe void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            if (task == 57)
            {
                throw new ArithmeticException();
            }
        }
    }
}
