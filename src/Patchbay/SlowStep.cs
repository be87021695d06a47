namespace Patchbay;

/// <summary>Tells people who wait that something goes on, once it has taken a second.</summary>
internal static class SlowStep
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Waits for work; from its second second on, standard error says how long it has taken.</summary>
    public static async Task<T> WatchAsync<T>(Task<T> work, string what, TimeProvider time)
    {
        var seconds = 0;
        var overwrites = !Console.IsErrorRedirected;
        while (await Task.WhenAny(work, Task.Delay(Second, time)) != work)
        {
            seconds++;
            if (overwrites)
            {
                await Console.Error.WriteAsync($"\r{what} … {seconds} s");
            }
            else if (seconds == 1 || seconds % 10 == 0)
            {
                await Console.Error.WriteLineAsync($"{what} … {seconds} s");
            }
        }
        if (overwrites && seconds > 0)
        {
            await Console.Error.WriteAsync($"\r{new string(' ', what.Length + 12)}\r");
        }
        return await work;
    }
}
