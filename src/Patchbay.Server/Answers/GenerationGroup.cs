using System.Threading.Channels;
using Patchbay.Engine;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Answers;

/// <summary>A piece of one of a request's answers.</summary>
internal readonly record struct ChoiceDelta(int Choice, TextDelta Delta);

/// <summary>
/// All answers of one request, generated side by side. Ends every one of them when it is disposed, so a client that
/// leaves costs nothing more.
/// </summary>
internal sealed class GenerationGroup : IAsyncDisposable
{
    private readonly TextGeneration[] _generations;
    private readonly CancellationTokenSource _cancellation;

    private GenerationGroup(TextGeneration[] generations, int count, CancellationTokenSource cancellation)
    {
        _generations = generations;
        Count = count;
        _cancellation = cancellation;
    }

    /// <summary>Is told of every piece that is read; null where nobody watches.</summary>
    public AnswerWatch? Watch { get; set; }

    /// <summary>How many answers there are.</summary>
    public int Count { get; }

    /// <summary>Tokens of all answers so far.</summary>
    public int CompletionTokens => _generations.Sum(generation => generation.CompletionTokenCount);

    /// <summary>Queues all answers, or none of them.</summary>
    /// <exception cref="RequestRefusedException">The engine does not take one of them.</exception>
    public static GenerationGroup Start(
        InferenceEngine engine, IEnumerable<GenerationRequest> requests, IReadOnlyList<string> stopStrings, CancellationToken aborted)
    {
        var started = new List<TextGeneration>();
        try
        {
            foreach (var request in requests)
            {
                started.Add(engine.GenerateText(request, stopStrings, aborted));
            }
        }
        catch
        {
            started.ForEach(generation => generation.Generation.Cancel());
            throw;
        }
        return new GenerationGroup([.. started], started.Count, CancellationTokenSource.CreateLinkedTokenSource(aborted));
    }

    /// <summary>Answers of no token each, which need no engine.</summary>
    public static GenerationGroup WithoutTokens(int count) => new([], count, new CancellationTokenSource());

    /// <summary>Tokens of one answer's prompt that the prefix cache had; meaningful once that answer began.</summary>
    public int CachedPromptTokens(int choice) => _generations.Length == 0 ? 0 : _generations[choice].Generation.CachedPromptTokens;

    /// <summary>The pieces of all answers as they come.</summary>
    public IAsyncEnumerable<ChoiceDelta> ReadAsync() => _generations.Length switch
    {
        0 => ReadNoneAsync(),
        1 => ReadOneAsync(),
        _ => ReadManyAsync(),
    };

    public async ValueTask DisposeAsync()
    {
        await _cancellation.CancelAsync();
        // One that nobody has begun to read does not see the token.
        foreach (var generation in _generations)
        {
            generation.Generation.Cancel();
        }
        _cancellation.Dispose();
    }

    private async IAsyncEnumerable<ChoiceDelta> ReadNoneAsync()
    {
        for (var choice = 0; choice < Count; choice++)
        {
            var nothing = new TextDelta("", null, FinishReason.Length);
            Watch?.Observe(choice, nothing);
            yield return new ChoiceDelta(choice, nothing);
        }
        await Task.CompletedTask;
    }

    private async IAsyncEnumerable<ChoiceDelta> ReadOneAsync()
    {
        await foreach (var delta in _generations[0].WithCancellation(_cancellation.Token))
        {
            Watch?.Observe(0, delta);
            yield return new ChoiceDelta(0, delta);
        }
    }

    private async IAsyncEnumerable<ChoiceDelta> ReadManyAsync()
    {
        var merged = Channel.CreateBounded<ChoiceDelta>(new BoundedChannelOptions(_generations.Length * 4) { SingleReader = true });
        var pumps = Task.WhenAll(Enumerable.Range(0, _generations.Length).Select(choice => PumpAsync(choice, merged.Writer)));
        _ = pumps.ContinueWith(
            done => merged.Writer.TryComplete(done.Exception?.InnerException ?? (done.IsCanceled ? new OperationCanceledException() : null)),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await foreach (var delta in merged.Reader.ReadAllAsync(_cancellation.Token))
        {
            Watch?.Observe(delta.Choice, delta.Delta);
            yield return delta;
        }
    }

    private async Task PumpAsync(int choice, ChannelWriter<ChoiceDelta> merged)
    {
        var token = _cancellation.Token;
        try
        {
            await foreach (var delta in _generations[choice].WithCancellation(token))
            {
                await merged.WriteAsync(new ChoiceDelta(choice, delta), token);
            }
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            // The others would fill the channel for a reader that is about to leave.
            merged.TryComplete(problem);
            throw;
        }
    }
}
