using Patchbay.Control.Versions;

namespace Patchbay.Control.Tests;

/// <summary>
/// What the killed process of <see cref="CrashTests"/> does: the test program itself, started with a data directory in its
/// environment, gives commands until it is killed and says which were acknowledged.
/// </summary>
internal static class CrashChild
{
    public const string Variable = "PATCHBAY_TEST_CRASH_DIRECTORY";

    public const string SeedVariable = "PATCHBAY_TEST_CRASH_SEED";

    /// <summary>Gives commands without end.</summary>
    public static async Task RunAsync(string directory, int seed)
    {
        var random = new Random(seed);
        await using var data = await ControlDataDirectory.OpenAsync(directory, null, TimeProvider.System, default);
        await using var plane = await ControlPlane.LoadAsync(data.Journal, data.Store, new ControlPlaneOptions { KeptVersions = 3 }, TimeProvider.System, default);
        Say(plane.Snapshot);
        while (true)
        {
            var name = $"adapter-{random.Next(3)}";
            var origin = new CommandOrigin("child");
            _ = random.Next(4) switch
            {
                0 => await plane.RollbackAsync(name, null, null, origin, default),
                1 => await plane.PinAsync(name, random.Next(2) == 0, origin, default),
                _ => await UploadAsync(plane, name, random, origin),
            };
            Say(plane.Snapshot);
        }
    }

    private static async Task<CommandResult> UploadAsync(ControlPlane plane, string name, Random random, CommandOrigin origin)
    {
        using var staging = plane.Store.BeginStaging();
        await staging.AddAsync("adapter_config.json", new MemoryStream([1]), default);
        await staging.AddAsync("adapter_model.safetensors", new MemoryStream([(byte)random.Next(256), (byte)random.Next(256)]), default);
        using var staged = staging.Complete();
        staged.Publish();
        var version = new RegisteredVersion(staged.Digest, staged.Bytes, DateTimeOffset.UnixEpoch, "child");
        return await plane.UploadAsync(new UploadCommand(name, version), origin, default);
    }

    private static void Say(ControlSnapshot state)
    {
        Console.Out.WriteLine($"ack {state.Revision} {Fingerprint.Hash(state)}");
        Console.Out.Flush();
    }
}
