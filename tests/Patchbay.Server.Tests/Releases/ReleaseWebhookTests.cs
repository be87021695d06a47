using System.Net;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Patchbay.Control;
using Patchbay.Control.Releases;
using Patchbay.Server.Releases;
using Patchbay.Server.Tests.Judges;

namespace Patchbay.Server.Tests.Releases;

public sealed class ReleaseWebhookTests
{
    private static readonly byte[] Secret = Encoding.UTF8.GetBytes("a secret of some length");

    [Fact]
    public void Signature_IsHmacSha256OfTimeAndBody() =>
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
        Assert.Equal("sha256=" + Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData("key"u8.ToArray(), "1700000000.{}"u8.ToArray())),
            ReleaseWebhook.Sign(Encoding.UTF8.GetBytes("key"), "1700000000", "{}"u8));

    [Fact]
    public async Task Notices_AreSignedInOrderAndTriedAgain()
    {
        var sent = Channel.CreateUnbounded<(string Time, string Signature, string Body)>();
        var tries = 0;
        using var client = new HttpClient(new FakeService(async request =>
        {
            if (Interlocked.Increment(ref tries) == 1)
            {
                return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            }
            sent.Writer.TryWrite((request.Headers.GetValues("x-patchbay-time").Single(), request.Headers.GetValues("x-patchbay-signature").Single(), await request.Content!.ReadAsStringAsync()));
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        }));
        await using var webhook = new ReleaseWebhook(new Uri("http://receiver/"), Secret, client, TimeProvider.System, NullLogger.Instance);
        var release = Release();
        webhook.Post(release, release.History[0]);
        webhook.Post(release with { State = ReleaseState.RolledBack }, new ReleaseEvent(release.Started, "rolled_back", "Errors: 9 %.", null));

        foreach (var expected in new[] { "release.started", "release.rolled_back" })
        {
            var (time, signature, body) = await sent.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal(ReleaseWebhook.Sign(Secret, time, Encoding.UTF8.GetBytes(body)), signature);
            using var json = JsonDocument.Parse(body);
            Assert.Equal(expected, json.RootElement.GetProperty("event").GetString());
            Assert.Equal("medical", json.RootElement.GetProperty("alias").GetString());
        }
        Assert.Equal(3, tries);
    }

    private static Release Release() => ReleaseStart.Begin(
        new ReleaseSpec("medical", "x", [new RolloutStep(10)]),
        new ReleaseSurroundings(new VersionDigest(new byte[32]), new VersionDigest([.. Enumerable.Repeat((byte)1, 32)]), ProbeOutcome.None, null, null, _ => null),
        "rel-1", "alice", new DateTimeOffset(2026, 11, 24, 15, 0, 0, TimeSpan.Zero));
}
