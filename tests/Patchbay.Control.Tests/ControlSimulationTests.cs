using Patchbay.Control.Journal;

namespace Patchbay.Control.Tests;

public sealed class ControlSimulationTests
{
    [Fact]
    public async Task ManySeeds_RandomCommandsAndCrashes_KeepEveryInvariant()
    {
        var seeds = Environment.GetEnvironmentVariable("PATCHBAY_NIGHTLY") == "1" ? 10_000 : 200;
        int crashes = 0, applied = 0;
        for (var seed = 1; seed <= seeds; seed++)
        {
            using var simulation = await ControlSimulation.StartAsync(seed);
            for (var step = 0; step < 40; step++)
            {
                try
                {
                    await simulation.StepAsync();
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"Seed {seed}, step {step}: {exception.Message}", exception);
                }
            }
            crashes += simulation.Crashes;
            applied += simulation.Applied;
        }
        Assert.True(crashes > seeds * 2 && applied > seeds * 8, $"{crashes} crashes, {applied} commands");
    }
}
