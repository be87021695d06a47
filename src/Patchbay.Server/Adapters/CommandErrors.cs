using Microsoft.AspNetCore.Http;
using Patchbay.Control;
using Patchbay.Control.Journal;
using Patchbay.Control.Residency;
using Patchbay.Control.Versions;
using Patchbay.Engine;
using Patchbay.Server.Http;

namespace Patchbay.Server.Adapters;

/// <summary>What the refusals of control plane, store, door and memory mean over HTTP.</summary>
internal static class CommandErrors
{
    /// <param name="name">The adapter that the command was about; null for the default.</param>
    public static ApiError From(CommandResult result, string? name) => result.Outcome switch
    {
        CommandOutcome.GenerationMismatch => Problem(StatusCodes.Status409Conflict, "generation_mismatch", result.Problem!) with
        {
            Param = "expected_generation",
            Generation = name is null ? result.After.Aliases.Default.Generation : GenerationOf(result.After, name),
        },
        CommandOutcome.NoSuchAdapter => Problem(StatusCodes.Status404NotFound, "adapter_not_found", result.Problem!),
        CommandOutcome.NoSuchVersion => Problem(StatusCodes.Status404NotFound, "version_not_found", result.Problem!),
        CommandOutcome.NotStored => Problem(StatusCodes.Status409Conflict, "version_not_stored", result.Problem!),
        CommandOutcome.NothingBefore => Problem(StatusCodes.Status409Conflict, "nothing_before", result.Problem!),
        CommandOutcome.InUse => Problem(StatusCodes.Status409Conflict, "in_use", result.Problem!),
        CommandOutcome.AnswersDefault => Problem(StatusCodes.Status409Conflict, "answers_default", result.Problem!),
        CommandOutcome.NoSuchDocument => Problem(StatusCodes.Status404NotFound, "not_found", result.Problem!),
        _ => Problem(StatusCodes.Status400BadRequest, "invalid_request", result.Problem!),
    };

    public static ApiError From(VersionRefusedException refusal) => refusal.Refusal switch
    {
        VersionRefusal.TooLarge => Problem(StatusCodes.Status413PayloadTooLarge, "too_large", refusal.Message),
        VersionRefusal.NoRoom => Problem(StatusCodes.Status507InsufficientStorage, "no_room", refusal.Message),
        VersionRefusal.Store => Problem(StatusCodes.Status500InternalServerError, "store_failed", refusal.Message),
        _ => Refused(refusal.Message, [new FieldError("files", refusal.Message)]),
    };

    /// <summary>Whether a change was written is not known; asking for it again is safe.</summary>
    public static ApiError From(JournalException failure) =>
        ApiError.Unavailable($"{failure.Message} What answers now is as GET /admin/adapters says.", "journal_failed") with { RetryAfter = TimeSpan.FromSeconds(5) };

    public static ApiError From(Admission admission) => admission.Outcome switch
    {
        AdmissionOutcome.NoRoom => Problem(StatusCodes.Status507InsufficientStorage, "no_room", admission.Summary),
        AdmissionOutcome.Busy => ApiError.Unavailable(admission.Summary, "adapters_busy") with { RetryAfter = admission.RetryAfter },
        _ => Refused(admission.Summary, admission.Problems),
    };

    /// <summary>A version that exists and cannot be had now.</summary>
    public static ApiError From(Acquisition<AdapterLease> refusal) => refusal.Outcome switch
    {
        AcquireOutcome.NoRoom => Problem(StatusCodes.Status507InsufficientStorage, "no_room", refusal.Problem!),
        AcquireOutcome.Busy => ApiError.Unavailable(refusal.Problem!, "adapters_busy") with { RetryAfter = refusal.RetryAfter },
        _ => ApiError.Unavailable($"The adapter cannot be loaded: {refusal.Problem}", "adapter_failed") with { RetryAfter = refusal.RetryAfter },
    };

    public static ApiError UnknownAdapter(string name) =>
        Problem(StatusCodes.Status404NotFound, "adapter_not_found", $"No adapter is called '{name}'.");

    public static ApiError WrongGeneration(long actual, long expected, string what) =>
        Problem(StatusCodes.Status409Conflict, "generation_mismatch", $"{what} is at generation {actual}, not {expected}; look again before you change it.") with
        {
            Param = "expected_generation",
            Generation = actual,
        };

    public static long GenerationOf(ControlSnapshot state, string name) => state.Aliases.TryGet(name, out var alias) ? alias.Generation : 0;

    public static ApiError Problem(int status, string code, string message) =>
        new(status, status >= 500 ? "server_error" : "invalid_request_error", message, null, code);

    private static ApiError Refused(string message, IReadOnlyList<FieldError> errors) =>
        Problem(StatusCodes.Status422UnprocessableEntity, "adapter_refused", message) with { Errors = errors };
}
