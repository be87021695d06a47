using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Patchbay.Server.Http;

/// <summary>
/// Server-sent events straight into the connection's buffer: one event per call, sent at once. Knows nothing of what the
/// events say.
/// </summary>
internal sealed class SseWriter(PipeWriter output, TimeSpan keepAliveInterval, TimeProvider time, CancellationToken aborted) : IDisposable
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private readonly Utf8JsonWriter _json = new(output, Options);

    /// <summary>Sets the headers of an event stream; nothing is sent before the first event.</summary>
    public static SseWriter Start(HttpContext context, TimeSpan keepAliveInterval, TimeProvider time)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["x-accel-buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return new SseWriter(response.BodyWriter, keepAliveInterval, time, context.RequestAborted);
    }

    /// <summary>Writes one event whose data is the JSON that <paramref name="write"/> produces.</summary>
    public ValueTask WriteAsync<TState>(TState state, Action<Utf8JsonWriter, TState> write)
    {
        output.Write("data: "u8);
        _json.Reset(output);
        write(_json, state);
        _json.Flush();
        output.Write("\n\n"u8);
        return FlushAsync();
    }

    /// <summary>Says that the stream ended as it should.</summary>
    public ValueTask WriteDoneAsync()
    {
        output.Write("data: [DONE]\n\n"u8);
        return FlushAsync();
    }

    /// <summary>Waits for the next thing to say, with a comment line whenever the wait grows long.</summary>
    public async ValueTask<bool> KeepAliveWhileAsync(ValueTask<bool> next)
    {
        if (next.IsCompleted)
        {
            return await next;
        }
        var waiting = next.AsTask();
        while (true)
        {
            try
            {
                return await waiting.WaitAsync(keepAliveInterval, time, CancellationToken.None);
            }
            catch (TimeoutException) when (!waiting.IsCompleted)
            {
                output.Write(": keep-alive\n\n"u8);
                await FlushAsync();
            }
        }
    }

    public void Dispose() => _json.Dispose();

    private async ValueTask FlushAsync()
    {
        var result = await output.FlushAsync(aborted);
        if (result.IsCompleted || result.IsCanceled)
        {
            throw new OperationCanceledException("The client closed the stream.");
        }
    }
}
