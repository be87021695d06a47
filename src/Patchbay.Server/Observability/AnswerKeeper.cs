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

    // One queue for both: a rating must not be written before its answer.
    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(MaxWaiting);
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

    /// <summary>Answers and ratings that could not be kept.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    public void Record(AnswerRecord record) => Queue(new Waiting(record, "", null));

    /// <summary>Keeps what a user said of an answer that was recorded before.</summary>
    public void Rate(string id, AnswerRating rating) => Queue(new Waiting(null, id, rating));

    /// <summary>Writes what waits and closes the log.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writing;
        await Log.DisposeAsync();
    }

    private void Queue(Waiting waiting)
    {
        if (!_waiting.Writer.TryWrite(waiting))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    private async Task WriteAsync()
    {
        var answers = new List<AnswerEntry>(MaxBatch);
        var ratings = new List<(string Id, AnswerRating Rating)>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (answers.Count + ratings.Count < MaxBatch && _waiting.Reader.TryRead(out var waiting))
            {
                if (waiting.Answer is { } answer)
                {
                    answers.Add(Convert(answer));
                }
                else
                {
                    ratings.Add((waiting.Id, waiting.Rating!));
                }
            }
            if (answers.Count > 0)
            {
                await TryAsync(() => Log.AppendAsync(answers, CancellationToken.None), answers.Count);
            }
            foreach (var (id, rating) in ratings)
            {
                await TryAsync(() => Log.RateAsync(id, rating, CancellationToken.None), 1);
            }
            answers.Clear();
            ratings.Clear();
        }
    }

    private async Task TryAsync(Func<Task> write, int count)
    {
        try
        {
            await write();
        }
        catch (Exception failure)
        {
            // A full disk must not end the writer: the next batch may find room.
            Interlocked.Add(ref _lost, count);
            Lines.NotKept(_logger, failure, count);
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

    // An answer, or what was said of one.
    private readonly record struct Waiting(AnswerRecord? Answer, string Id, AnswerRating? Rating);

    private static partial class Lines
    {
        [LoggerMessage(1, LogLevel.Error, "{Count} answers or ratings could not be kept.")]
        public static partial void NotKept(ILogger logger, Exception failure, int count);
    }
}
