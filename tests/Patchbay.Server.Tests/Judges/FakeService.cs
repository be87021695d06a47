namespace Patchbay.Server.Tests.Judges;

/// <summary>A service that a test answers for.</summary>
internal sealed class FakeService(Func<HttpRequestMessage, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer(request);
}
