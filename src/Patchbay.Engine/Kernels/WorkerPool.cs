using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Work that splits into independent tasks, written for every SIMD width. A struct whose fields are its arguments, so that
/// starting it allocates nothing.
/// </summary>
internal interface IParallelJob
{
    /// <summary>Does one task.</summary>
    /// <param name="task">Which, from 0.</param>
    /// <param name="scratch">Memory of the worker that does it, see <see cref="WorkerPool.ReserveScratch"/>.</param>
    unsafe void Execute<TSimd, TVector>(int task, byte* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged;
}

/// <summary>
/// Persistent threads that run one job at a time. Tasks are claimed one by one from a shared counter, and the caller waits for
/// tasks, never for threads: a worker that lost its processor delays the rest by the task it holds, or not at all; one that gets too little of
/// it rests for a while (<see cref="ProcessorShare"/>). Which worker does a task never changes the result. The caller is worker 0.
/// </summary>
internal sealed unsafe class WorkerPool : IDisposable
{
    // A worker spins this long for the next job before it sleeps, about 40 ns each: longer than the gap between two kernels of
    // a forward pass, far shorter than the gap between two requests.
    private const int SpinsBeforeSleep = 4000;

    // The caller spins this long for the last tasks, about 40 µs, then it sleeps. On a shared machine the worker that holds one may have lost
    // its processor for milliseconds; a caller that spins or yields keeps its own processor busy, while one that sleeps leaves it
    // to that worker at once.
    private const int SpinsForTasks = 1000;

    private readonly Thread[] _threads;
    private readonly NativeBuffer?[] _scratch;
    private readonly SemaphoreSlim _wake = new(0);
    private NativeBuffer? _shared;
    private delegate*<void*, int, byte*, SimdPath, void> _execute;
    private void* _job;

    // Tasks of the running job in the upper half, the next one to claim in the lower. One word, so that whoever raises the
    // lower half has claimed a task of the job that is running now: its caller cannot have left before that task is done.
    private PaddedCounter _claims;
    private PaddedCounter _done;
    private PaddedCounter _sleeping;

    // 1 while the caller sleeps; who sets it back owes it a release of the semaphore.
    private PaddedCounter _waiting;
    private readonly SemaphoreSlim _finished = new(0);
    private readonly ManualResetEventSlim _ended = new();
    private Exception? _failure;
    private volatile bool _stopped;

    /// <param name="threadCount">Workers, the caller included; 0 takes one per processor.</param>
    /// <param name="path">The SIMD width of every job; null takes the widest.</param>
    public WorkerPool(int threadCount, SimdPath? path = null)
    {
        WorkerCount = threadCount > 0 ? threadCount : Environment.ProcessorCount;
        Path = path ?? Simd.Path;
        _scratch = new NativeBuffer?[WorkerCount];
        _threads = new Thread[WorkerCount - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"patchbay-kernel-{worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Workers, the caller included.</summary>
    public int WorkerCount { get; }

    public SimdPath Path { get; }

    /// <summary>Makes sure that every worker has this many bytes of scratch memory. They stay; their content does not.</summary>
    public void ReserveScratch(long length)
    {
        if (_scratch[0] is { } present && present.Length >= length)
        {
            return;
        }

        for (var i = 0; i < _scratch.Length; i++)
        {
            _scratch[i]?.Dispose();
            _scratch[i] = new NativeBuffer(length);
        }
    }

    /// <summary>Memory that the workers share, for the caller of <see cref="Run"/>: valid until it asks again.</summary>
    public byte* Shared(long length)
    {
        if (_shared is null || _shared.Length < length)
        {
            _shared?.Dispose();
            _shared = new NativeBuffer(length);
        }

        return _shared.Data;
    }

    /// <summary>Runs all tasks of the job and returns when the last one is done. Called from one thread at a time.</summary>
    /// <param name="job">The job.</param>
    /// <param name="tasks">How many tasks it has.</param>
    /// <param name="isSmall">Whether the caller does them by itself sooner than it can share them.</param>
    public void Run<TJob>(ref TJob job, int tasks, bool isSmall = false)
        where TJob : struct, IParallelJob
    {
        if (_threads.Length == 0 || tasks <= 1 || isSmall)
        {
            for (var task = 0; task < tasks; task++)
            {
                Execute(ref job, task, Scratch(0), Path);
            }

            return;
        }

        _execute = &ExecuteAt<TJob>;
        _job = Unsafe.AsPointer(ref job);
        Volatile.Write(ref _done.Value, 0);
        Interlocked.Exchange(ref _claims.Value, (long)tasks << 32);
        var sleeping = (int)Volatile.Read(ref _sleeping.Value);
        if (sleeping > 0)
        {
            _wake.Release(Math.Min(sleeping, tasks - 1));
        }

        Claim(0);

        // The job lives on this stack: nothing may unwind it before its last task is done.
        WaitUntilDone(tasks);
        if (_failure is { } failure)
        {
            _failure = null;
            throw new InvalidOperationException("A kernel failed.", failure);
        }
    }

    public void Dispose()
    {
        _stopped = true;
        _ended.Set();
        _wake.Release(WorkerCount);
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _finished.Dispose();
        foreach (var buffer in _scratch)
        {
            buffer?.Dispose();
        }

        _shared?.Dispose();
        _wake.Dispose();
        _ended.Dispose();
    }

    private static void ExecuteAt<TJob>(void* job, int task, byte* scratch, SimdPath path)
        where TJob : struct, IParallelJob => Execute(ref Unsafe.AsRef<TJob>(job), task, scratch, path);

    private static void Execute<TJob>(ref TJob job, int task, byte* scratch, SimdPath path)
        where TJob : struct, IParallelJob
    {
        switch (path)
        {
            case SimdPath.V512:
                job.Execute<Simd512, Vector512<float>>(task, scratch);
                break;
            case SimdPath.V256:
                job.Execute<Simd256, Vector256<float>>(task, scratch);
                break;
            case SimdPath.V128:
                job.Execute<Simd128, Vector128<float>>(task, scratch);
                break;
            default:
                job.Execute<SimdScalar, float>(task, scratch);
                break;
        }
    }

    private byte* Scratch(int worker) => _scratch[worker] is { } buffer ? buffer.Data : null;

    private static bool HasTasks(long claims) => (int)claims < (int)(claims >> 32);

    /// <summary>Does tasks until none is left to claim.</summary>
    private void Claim(int worker)
    {
        while (true)
        {
            var claims = Volatile.Read(ref _claims.Value);
            if (!HasTasks(claims))
            {
                return;
            }

            if (Interlocked.CompareExchange(ref _claims.Value, claims + 1, claims) != claims)
            {
                continue;
            }

            try
            {
                _execute(_job, (int)claims, Scratch(worker), Path);
            }
            catch (Exception exception)
            {
                _failure = exception;
            }

            // No end is missed: the caller says that it waits before it looks for the last time, this thread the other way round.
            Interlocked.Increment(ref _done.Value);
            if (Volatile.Read(ref _waiting.Value) == 1 && Interlocked.Exchange(ref _waiting.Value, 0) == 1)
            {
                _finished.Release();
            }
        }
    }

    private void WaitUntilDone(int tasks)
    {
        for (var spins = 0; spins < SpinsForTasks; spins++)
        {
            if (Volatile.Read(ref _done.Value) == tasks)
            {
                return;
            }

            Thread.SpinWait(1);
        }

        while (Volatile.Read(ref _done.Value) != tasks)
        {
            Interlocked.Exchange(ref _waiting.Value, 1);
            if (Volatile.Read(ref _done.Value) != tasks || Interlocked.Exchange(ref _waiting.Value, 0) == 0)
            {
                _finished.Wait();
            }
        }
    }

    private void Work(int worker)
    {
        var share = default(ProcessorShare);
        share.Begin();
        while (!_stopped)
        {
            Claim(worker);
            if (share.FindRest() is { Ticks: > 0 } rest)
            {
                _ended.Wait(rest);
                share.Begin();
            }

            if (WaitForTasks())
            {
                share.Begin();
            }
        }
    }

    /// <summary>Returns when there are tasks to claim; whether it slept until then.</summary>
    private bool WaitForTasks()
    {
        for (var spins = 0; spins < SpinsBeforeSleep; spins++)
        {
            if (HasTasks(Volatile.Read(ref _claims.Value)) || _stopped)
            {
                return false;
            }

            Thread.SpinWait(1);
        }

        // No job is missed: the caller writes the claims before it reads the number of sleepers, this thread the other way
        // round. A surplus release only makes the caller of this method look once more.
        Interlocked.Increment(ref _sleeping.Value);
        if (!HasTasks(Volatile.Read(ref _claims.Value)) && !_stopped)
        {
            _wake.Wait();
        }

        Interlocked.Decrement(ref _sleeping.Value);
        return true;
    }

    /// <summary>A counter on a cache line of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct PaddedCounter
    {
        [FieldOffset(128)]
        public long Value;
    }
}
