using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Patchbay.Control.Answers;
using Patchbay.Server.Answers;

namespace Patchbay.Server.Observability;

/// <summary>
/// Writes ended requests to the log of answers, beside the requests and never in their way: what a stalled disk cannot take
/// any more is counted and left out.
/// </summary>
internal sealed partial class AnswerKeeper : IAnswerSink, IAsyncDisposable
{
    private const int MaxWaiting = 16 * 1024;
    private const int MaxBatch = 256;

    private readonly Channel<AnswerRecord> _waiting = Channel.CreateBounded<AnswerRecord>(MaxWaiting);
    private readonly ILogger<AnswerKeeper> _logger;
    private readonly Task _writing;
    private long _lost;

    public AnswerKeeper(IAnswerLog log, ILogger<AnswerKeeper> logger)
    {
        Log = log;
        _logger = logger;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Where they are written.</summary>
    public IAnswerLog Log { get; }

    /// <summary>Answers that could not be kept.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public void Record(AnswerRecord record)
    {
        if (!_waiting.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>Writes what waits and closes the log.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writing;
        await Log.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        var batch = new List<AnswerEntry>(MaxBatch);
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (batch.Count < MaxBatch && _waiting.Reader.TryRead(out var record))
            {
                batch.Add(Convert(record));
            }
            try
            {
                await Log.AppendAsync(batch, CancellationToken.None);
            }
            catch (Exception failure)
            {
                // A full disk must not end the writer: the next batch may find room.
                Interlocked.Add(ref _lost, batch.Count);
                Lines.NotKept(_logger, failure, batch.Count);
            }
            batch.Clear();
        }
    }

    private AnswerEntry Convert(AnswerRecord record) => new()
    {
        Id = record.Id,
        Time = record.Time,
        Operation = record.Operation,
        Actor = record.Actor,
        Adapter = record.Source.Adapter,
        Digest = record.Source.Digest,
        Generation = record.Source.Generation,
        Arm = record.Source.Arm,
        Parts = record.Source.Parts,
        Options = StoredOptions.Write(record.Options),
        PromptHash = record.PromptHash,
        TextHash = record.TextHash,
        PromptTokens = record.PromptTokens,
        CompletionTokens = record.CompletionTokens,
        TimeToFirstToken = record.TimeToFirstToken?.TotalMilliseconds,
        Duration = record.Duration.TotalMilliseconds,
        FinishReason = record.FinishReason,
        Outcome = record.Outcome.ToString().ToLowerInvariant(),
        Prompts = Log.KeepsPrompts ? record.Prompts : null,
    };

    private static partial class Lines
    {
        [LoggerMessage(1, LogLevel.Error, "{Count} answers could not be kept.")]
        public static partial void NotKept(ILogger logger, Exception failure, int count);
    }
}
