using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Patchbay.Control.Versions;
using Patchbay.Server.Adapters;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary>
/// <c>PUT /admin/adapters/{name}</c>: a new version, as multipart/form-data (one part for each file, its <c>filename</c> is the path inside the
/// adapter) or as a tar archive, compressed with gzip or not. The body goes to the store's disk as it comes, never to memory.
/// </summary>
internal static class AdapterUploadEndpoint
{
    private const int MaxBoundary = 200;

    public static Task<ApiError?> HandleAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        var (expected, numberError) = AdminCall.NumberOf(context, "expected_generation");
        var (release, flagError) = AdminCall.FlagOf(context, "release", otherwise: true);
        var origin = AdminCall.OriginOf(context, out var originError);
        if ((numberError ?? flagError ?? originError) is { } wrong)
        {
            return wrong;
        }
        if (context.Request.ContentLength > runtime.Options.MaxUploadBytes)
        {
            return TooLarge(runtime.Options.MaxUploadBytes);
        }
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = runtime.Options.MaxUploadBytes;
        var name = AdminCall.NameOf(context);
        try
        {
            var (staged, error) = await StageAsync(context, opened.Adapters.Plane.Store);
            if (staged is null)
            {
                return error;
            }
            using (staged)
            {
                var wish = new UploadWish(release, expected);
                return await AnswerAsync(context, await opened.Commands.AddAsync(name, staged, wish, origin!, context.RequestAborted));
            }
        }
        catch (VersionRefusedException refusal) when (FindTooLarge(refusal) is not null)
        {
            return TooLarge(runtime.Options.MaxUploadBytes);
        }
        catch (VersionRefusedException refusal)
        {
            return CommandErrors.From(refusal);
        }
    });

    private static async Task<(StagedVersion? Staged, ApiError? Error)> StageAsync(HttpContext context, VersionStore store)
    {
        var request = context.Request;
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed : null;
        switch (type?.MediaType.Value?.ToLowerInvariant())
        {
            case "multipart/form-data":
                var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
                return boundary is { Length: > 0 and <= MaxBoundary }
                    ? (await StagePartsAsync(new MultipartReader(boundary, request.Body), store, context.RequestAborted), null)
                    : (null, ApiError.Invalid("The header content-type names no boundary between the parts.", null, "invalid_multipart"));
            case "application/x-tar" or "application/tar" or "application/gzip" or "application/x-gzip":
                return (await store.StageTarAsync(request.Body, context.RequestAborted), null);
            default:
                return (null, ApiError.WrongStatus(
                    StatusCodes.Status415UnsupportedMediaType,
                    "Send the adapter as multipart/form-data, one part for each file, or as application/x-tar.", "unsupported_media_type"));
        }
    }

    private static async Task<StagedVersion> StagePartsAsync(MultipartReader reader, VersionStore store, CancellationToken aborted)
    {
        using var staging = store.BeginStaging();
        try
        {
            while (await reader.ReadNextSectionAsync(aborted) is { } part)
            {
                if (!ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition) || FileNameOf(disposition) is not { Length: > 0 } file)
                {
                    throw new VersionRefusedException(VersionRefusal.Archive, "A part of the upload has no filename; each part is one file of the adapter.");
                }
                await staging.AddAsync(file, part.Body, aborted);
            }
        }
        catch (Exception broken) when (broken is InvalidDataException || broken is IOException and not BadHttpRequestException)
        {
            throw new VersionRefusedException(VersionRefusal.Archive, "The parts of the upload are not as multipart/form-data has them, or end too early.", broken);
        }
        return staging.Complete();
    }

    private static string? FileNameOf(ContentDispositionHeaderValue disposition) =>
        HeaderUtilities.RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).Value;

    // The listener's own limit, which the store took for a file that cannot be read.
    private static BadHttpRequestException? FindTooLarge(Exception? problem) => problem switch
    {
        null => null,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } large => large,
        _ => FindTooLarge(problem.InnerException),
    };

    private static ApiError TooLarge(long most) => ApiError.WrongStatus(
        StatusCodes.Status413PayloadTooLarge, $"The upload is larger than this server's limit of {most} bytes.", "too_large");

    private static async Task<ApiError?> AnswerAsync(HttpContext context, CommandAnswer<UploadedVersion> answer)
    {
        if (answer.Value is not { } uploaded)
        {
            return answer.Error;
        }
        var response = new UploadResponse(
            uploaded.Name, uploaded.Digest.ToString(), uploaded.Alias?.Generation ?? 0, uploaded.Previous?.ToString(), uploaded.IsReleased, uploaded.IsNew,
            uploaded.Bytes, uploaded.Version?.Rank, ProbeState.From(uploaded.Probe), uploaded.Warnings, Math.Round(uploaded.LoadMilliseconds, 3));
        await context.WriteJsonAsync(
            uploaded.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, response, PatchbayJson.Wire.UploadResponse);
        return null;
    }
}
