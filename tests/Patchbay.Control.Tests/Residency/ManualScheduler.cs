namespace Patchbay.Control.Tests.Residency;

/// <summary>Runs tasks when it is told to, on the caller's thread, in an order that a seed decides.</summary>
internal sealed class ManualScheduler(Random? random = null) : TaskScheduler
{
    private readonly List<Task> _tasks = [];

    public bool IsEmpty => _tasks.Count == 0;

    public bool RunOne()
    {
        if (_tasks.Count == 0)
        {
            return false;
        }
        var index = random?.Next(_tasks.Count) ?? 0;
        var task = _tasks[index];
        _tasks.RemoveAt(index);
        TryExecuteTask(task);
        return true;
    }

    public void RunAll()
    {
        while (RunOne())
        {
        }
    }

    protected override void QueueTask(Task task) => _tasks.Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;
}
