using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Patchbay.Control.Releases;
using Patchbay.Server.Http;

namespace Patchbay.Server.Releases;

/// <summary>What a webhook is sent of a release.</summary>
internal sealed record ReleaseNotice(
    string Event, DateTimeOffset Time, string Release, string Alias, string State, int Step, double Weight, string Stable, string Candidate, string Detail, string? Actor);

/// <summary>
/// Tells an address of every change of a release, in order, with a signature: <c>x-patchbay-signature: sha256=HEX</c> is the
/// HMAC-SHA256 of the time header, a dot and the body. Sends beside everything else; a receiver that is away for long misses the oldest.
/// </summary>
internal sealed partial class ReleaseWebhook : IAsyncDisposable
{
    private const int MaxWaiting = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.Zero];

    private readonly Channel<ReleaseNotice> _waiting = Channel.CreateBounded<ReleaseNotice>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly CancellationTokenSource _stopping = new();
    private readonly Uri _url;
    private readonly byte[] _secret;
    private readonly HttpClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _sending;

    public ReleaseWebhook(Uri url, byte[] secret, HttpClient client, TimeProvider time, ILogger logger)
    {
        (_url, _secret, _client, _time, _logger) = (url, secret, client, time, logger);
        _sending = Task.Run(SendAllAsync);
    }

    /// <summary>Queues a notice.</summary>
    public void Post(Release release, ReleaseEvent happened) => _waiting.Writer.TryWrite(new ReleaseNotice(
        "release." + happened.Event, happened.Time, release.Id, release.Spec.Alias!, ReleaseWords.Of(release.State), release.Step + 1, release.Weight,
        release.Stable.ToString(), release.Candidate.ToString(), happened.Detail, happened.Actor));

    /// <summary>The signature of a body sent at a time.</summary>
    public static string Sign(byte[] secret, string time, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData(Encoding.ASCII.GetBytes(time + "."));
        hmac.AppendData(body);
        return "sha256=" + Convert.ToHexStringLower(hmac.GetHashAndReset());
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _sending;
        _stopping.Dispose();
    }

    private async Task SendAllAsync()
    {
        try
        {
            await foreach (var notice in _waiting.Reader.ReadAllAsync(_stopping.Token))
            {
                await SendAsync(notice, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops; what was not sent is in the audit.
        }
    }

    private async Task SendAsync(ReleaseNotice notice, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(notice, PatchbayJson.Wire.ReleaseNotice);
        foreach (var pause in Pauses)
        {
            try
            {
                if (await TrySendAsync(body, cancellation))
                {
                    return;
                }
            }
            catch (Exception failure) when (failure is HttpRequestException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                // Away or too slow: tried again like an error status.
            }
            await Task.Delay(pause, _time, cancellation);
        }
        Log.Undelivered(_logger, notice.Event, notice.Release);
    }

    private async Task<bool> TrySendAsync(byte[] body, CancellationToken cancellation)
    {
        var time = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = content };
        request.Headers.Add("x-patchbay-time", time);
        request.Headers.Add("x-patchbay-signature", Sign(_secret, time, body));
        using var late = new CancellationTokenSource(Patience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
        return response.IsSuccessStatusCode;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The webhook did not take {Event} of {Release}; it is given up.")]
        public static partial void Undelivered(ILogger logger, string @event, string release);
    }
}
