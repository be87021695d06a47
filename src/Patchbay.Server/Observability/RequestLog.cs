using Microsoft.Extensions.Logging;

namespace Patchbay.Server.Observability;

/// <summary>One line for each ended request. Never its prompt, its answer or its key.</summary>
internal sealed partial class RequestLog(ILogger<RequestLog> logger) : IAnswerSink
{
    public void Record(AnswerRecord record) => Log.Ended(
        logger, record.Id, record.Outcome, record.Source.Adapter, Short(record.Source.Digest), record.Source.Arm ?? "-", record.Actor,
        record.PromptTokens, record.CompletionTokens, record.TimeToFirstToken?.TotalMilliseconds ?? 0, record.Duration.TotalMilliseconds);

    private static string Short(string? digest) => digest is { Length: > 19 } ? digest[7..19] : "-";

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information,
            "{Id} {Outcome}: adapter {Adapter} {Digest} arm {Arm}, for {Actor}, {PromptTokens} + {CompletionTokens} tokens, first after {FirstMilliseconds:F1} ms, all after {Milliseconds:F1} ms.")]
        public static partial void Ended(
            ILogger logger, string id, AnswerOutcome outcome, string adapter, string digest, string arm, string actor,
            int promptTokens, int completionTokens, double firstMilliseconds, double milliseconds);
    }
}
