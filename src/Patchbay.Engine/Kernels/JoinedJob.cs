namespace Patchbay.Engine.Kernels;

/// <summary>Two jobs that do not need each other, in one dispatch.</summary>
/// <param name="first">Its tasks are claimed first.</param>
/// <param name="firstTasks">How many it has.</param>
/// <param name="second">The other one.</param>
internal readonly struct JoinedJob<TFirst, TSecond>(TFirst first, int firstTasks, TSecond second) : IParallelJob
    where TFirst : struct, IParallelJob
    where TSecond : struct, IParallelJob
{
    private readonly TFirst _first = first;
    private readonly TSecond _second = second;

    public unsafe void Execute<TSimd, TVector>(int task, byte* scratch)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (task < firstTasks)
        {
            _first.Execute<TSimd, TVector>(task, scratch);
        }
        else
        {
            _second.Execute<TSimd, TVector>(task - firstTasks, scratch);
        }
    }
}
