using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Patchbay.Server.Http;

/// <summary>
/// A request body as a JSON object, read whole and checked before anyone looks into it: size, media type, UTF-8, depth,
/// duplicate fields and half surrogate pairs. After that no string of it can make a reader throw.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    private readonly JsonDocument _document;

    private RequestBody(JsonDocument document) => _document = document;

    /// <summary>The JSON object; valid until the body is disposed.</summary>
    public JsonElement Root => _document.RootElement;

    /// <summary>Reads the body; exactly one of the results is null.</summary>
    public static async ValueTask<(RequestBody? Body, ApiError? Error)> ReadAsync(HttpContext context, int maxBytes)
    {
        if (!HasJsonContentType(context.Request))
        {
            return (null, ApiError.WrongStatus(StatusCodes.Status415UnsupportedMediaType, "Send the body as JSON, with the header content-type: application/json."));
        }
        if (context.Request.ContentLength > maxBytes)
        {
            return (null, TooLarge(maxBytes));
        }
        var bytes = await ReadBytesAsync(context, maxBytes);
        return bytes is null ? (null, TooLarge(maxBytes)) : Parse(bytes.Value);
    }

    /// <summary>Checks bytes that should be a JSON object; exactly one of the results is null.</summary>
    internal static (RequestBody? Body, ApiError? Error) Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return (null, NotJson("The request has no body; send a JSON object."));
        }
        if (!Utf8.IsValid(bytes.Span))
        {
            return (null, NotJson($"The body is not valid UTF-8 at byte {FirstInvalidByte(bytes.Span)}."));
        }
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes, Options);
        }
        catch (JsonException problem)
        {
            return (null, NotJson(Describe(problem)));
        }
        catch (InvalidOperationException)
        {
            // Comparing field names for duplicates unescapes them, and that is how the reader reports half a pair.
            return (null, NotJson("A field name of the body holds half a surrogate pair (\\ud800 to \\udfff) and is no valid Unicode."));
        }
        var error = document.RootElement.ValueKind != JsonValueKind.Object
            ? NotJson($"The body must be a JSON object; found {JsonText.NameOf(document.RootElement.ValueKind)}.")
            : JsonText.MayHoldSurrogates(bytes.Span) && JsonText.FindHalfSurrogate(document.RootElement) is { } place
                ? ApiError.Invalid($"The text of '{place}' holds half a surrogate pair (\\ud800 to \\udfff) and is no valid Unicode.", place, "invalid_json")
                : null;
        if (error is null)
        {
            return (new RequestBody(document), null);
        }
        document.Dispose();
        return (null, error);
    }

    public void Dispose() => _document.Dispose();

    private static bool HasJsonContentType(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));

    private static async ValueTask<ReadOnlyMemory<byte>?> ReadBytesAsync(HttpContext context, int maxBytes)
    {
        var bytes = new ArrayBufferWriter<byte>((int)(context.Request.ContentLength ?? 4096) + 1);
        while (true)
        {
            var read = await context.Request.Body.ReadAsync(bytes.GetMemory(1), context.RequestAborted);
            if (read == 0)
            {
                return bytes.WrittenMemory;
            }
            bytes.Advance(read);
            if (bytes.WrittenCount > maxBytes)
            {
                return null;
            }
        }
    }

    private static ApiError NotJson(string message) => ApiError.Invalid(message, null, "invalid_json");

    private static ApiError TooLarge(int maxBytes) => ApiError.WrongStatus(
        StatusCodes.Status413PayloadTooLarge, $"The body is larger than this server's limit of {maxBytes} bytes.", "request_too_large");

    private static string Describe(JsonException problem)
    {
        // The runtime appends its own, zero-based place to the sentence.
        var sentence = problem.Message;
        var end = sentence.IndexOf(" LineNumber:", StringComparison.Ordinal);
        sentence = (end < 0 ? sentence : sentence[..end]).TrimEnd('.');
        return problem.LineNumber is { } line
            ? $"The body is not valid JSON at line {line + 1}, byte {problem.BytePositionInLine + 1}: {sentence}."
            : $"The body is not valid JSON: {sentence}.";
    }

    private static int FirstInvalidByte(ReadOnlySpan<byte> bytes)
    {
        var position = 0;
        while (Rune.DecodeFromUtf8(bytes[position..], out _, out var consumed) == OperationStatus.Done)
        {
            position += consumed;
        }
        return position + 1;
    }
}
