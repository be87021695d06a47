using System.Diagnostics;
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

    [Fact]
    public void WorkerThatLosesItsProcessor_IsWaitedForAsleep_AndNothingIsMissed()
    {
        using var pool = new WorkerPool(3);
        for (var round = 0; round < 60; round++)
        {
            var counts = new int[4];
            var job = new SleepySecond(counts, Milliseconds: round % 3);
            pool.Run(ref job, counts.Length);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void SmallJob_RunsOnTheCallersThread()
    {
        using var pool = new WorkerPool(4);
        var threads = new int[50];
        var job = new NoteThread(threads);
        pool.Run(ref job, threads.Length, isSmall: true);
        Assert.All(threads, thread => Assert.Equal(Environment.CurrentManagedThreadId, thread));
    }

    [Fact]
    public void WorkerThatGetsNoProcessor_RestsForAWhile_AndComesBack()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "measures the processor time of a thread, which is known on Linux only");
        using var pool = new WorkerPool(2);
        var caller = Environment.CurrentManagedThreadId;
        var threads = new int[20];

        // A thread that sleeps has as little of a processor as one that another process keeps from running.
        Assert.True(RunsUntil(milliseconds: 5, () => threads.All(thread => thread == caller)), "the worker never rested");
        Assert.True(RunsUntil(milliseconds: 0, () => threads.Any(thread => thread != caller)), "the worker never came back");

        bool RunsUntil(int milliseconds, Func<bool> isReached)
        {
            for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30);)
            {
                var job = new SleepyWorker(threads, caller, milliseconds);
                pool.Run(ref job, threads.Length);
                if (isReached())
                {
                    return true;
                }
            }

            return false;
        }
    }

    private readonly record struct SleepyWorker(int[] Threads, int Caller, int Milliseconds) : IParallelJob
    {
        public unsafe void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            Threads[task] = Environment.CurrentManagedThreadId;
            if (Threads[task] != Caller)
            {
                Thread.Sleep(Milliseconds);
            }
            else
            {
                // Long enough for a worker that takes part to claim the next task.
                Thread.SpinWait(5000);
            }
        }
    }

    private readonly record struct SleepySecond(int[] Counts, int Milliseconds) : IParallelJob
    {
        public unsafe void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            if (task == 1)
            {
                Thread.Sleep(Milliseconds);
            }

            Interlocked.Increment(ref Counts[task]);
        }
    }

    private readonly struct NoteThread(int[] threads) : IParallelJob
    {
        public unsafe void Execute<TSimd, TVector>(int task, byte* scratch)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged => threads[task] = Environment.CurrentManagedThreadId;
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
