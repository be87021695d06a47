using System.Globalization;
using Xunit.MicrosoftTestingPlatform;

namespace Patchbay.Control.Tests;

/// <summary>Runs the tests, or, started by one of them, the process that it kills.</summary>
internal static class TestProgram
{
    public static async Task<int> Main(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(CrashChild.Variable) is { } directory)
        {
            await CrashChild.RunAsync(directory, int.Parse(Environment.GetEnvironmentVariable(CrashChild.SeedVariable)!, CultureInfo.InvariantCulture));
        }
        return await TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
    }
}
