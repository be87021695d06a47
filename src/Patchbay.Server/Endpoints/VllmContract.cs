using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>vLLM's error object, whose code is the HTTP status.</summary>
internal sealed record VllmErrorResponse(VllmError Error);

/// <summary>vLLM's error.</summary>
internal sealed record VllmError(string Message, string Type, string? Param, int Code)
{
    public static VllmError InvalidInput(string message) => new(message, "InvalidUserInput", null, StatusCodes.Status400BadRequest);

    public static VllmError NotFound(string message) => new(message, "NotFoundError", null, StatusCodes.Status404NotFound);

    public static VllmError Internal(string message) => new(message, "InternalServerError", null, StatusCodes.Status500InternalServerError);

    public static VllmError Conflict(string message) => new(message, "ConflictError", null, StatusCodes.Status409Conflict);

    /// <summary>A problem of the body as vLLM words it.</summary>
    public static VllmError Validation(string detail, string? param) =>
        new($"1 validation error:\n  {detail}", "Bad Request", param, StatusCodes.Status400BadRequest);
}

/// <summary>The bodies of vLLM's two adapter endpoints. Unknown fields are ignored, as vLLM does.</summary>
internal sealed record VllmLoraRequest(string LoraName, string LoraPath, bool LoadInplace)
{
    /// <summary>Reads a load (<paramref name="withPath"/>) or an unload.</summary>
    public static bool TryRead(
        JsonElement root, bool withPath, [NotNullWhen(true)] out VllmLoraRequest? request, [NotNullWhen(false)] out VllmError? error)
    {
        request = null;
        var path = "";
        if (!TryReadText(root, "lora_name", out var name, out error) || (withPath && !TryReadText(root, "lora_path", out path, out error)))
        {
            return false;
        }
        var inplace = root.TryGetProperty("load_inplace", out var given);
        if (inplace && given.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            error = VllmError.Validation(
                $"{{'type': 'bool_parsing', 'loc': 'body.load_inplace', 'msg': 'Input should be a valid boolean', 'input': '{JsonText.Show(given)}'}}",
                "body.load_inplace");
            return false;
        }
        request = new VllmLoraRequest(name, path, inplace && given.GetBoolean());
        return true;
    }

    private static bool TryReadText(JsonElement root, string field, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out VllmError? error)
    {
        text = null;
        error = null;
        if (!root.TryGetProperty(field, out var value))
        {
            var count = root.EnumerateObject().Count();
            error = VllmError.Validation(
                $"{{'type': 'missing', 'loc': 'body.{field}', 'msg': 'Field required', 'input': '<dict of {count} items>'}}", $"body.{field}");
        }
        else if (value.ValueKind != JsonValueKind.String)
        {
            error = VllmError.Validation(
                $"{{'type': 'string_type', 'loc': 'body.{field}', 'msg': 'Input should be a valid string', 'input': '{JsonText.Show(value)}'}}",
                $"body.{field}");
        }
        else
        {
            text = value.GetString()!;
        }
        return error is null && text is not null;
    }
}
