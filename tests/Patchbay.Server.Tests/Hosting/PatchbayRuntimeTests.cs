using Microsoft.Extensions.Logging.Abstractions;
using Patchbay.Engine;
using Patchbay.Server.Hosting;

namespace Patchbay.Server.Tests.Hosting;

public sealed class PatchbayRuntimeTests
{
    private static PatchbayRuntime Runtime() =>
        new(new PatchbayServerOptions { Engine = new EngineOptions { ModelPath = "x" } }, TimeProvider.System, NullLoggerFactory.Instance);

    [Fact]
    public void BeforeTheEngineIsOpen_TryBegin_SaysSo()
    {
        Assert.False(Runtime().TryBegin(out _, out var error));
        Assert.Equal((503, "not_ready"), (error.Status, error.Code));
    }

    [Fact]
    public void Idle_DrainAsync_EndsAtOnceAndRefusesFromThenOn()
    {
        var runtime = Runtime();
        Assert.True(runtime.DrainAsync().IsCompletedSuccessfully);
        Assert.False(runtime.TryBegin(out _, out var error));
        Assert.Equal("shutting_down", error.Code);
    }
}
