using Patchbay.Engine.Scheduling;

namespace Patchbay.Engine;

/// <summary>
/// One running generation: a stream of tokens, read once. Leaving the loop early, or cancelling, ends the generation within
/// one step and frees what it holds.
/// </summary>
public sealed class Generation : IAsyncEnumerable<GeneratedToken>
{
    private readonly Sequence _sequence;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenRegistration _registration;

    internal Generation(Sequence sequence, CancellationToken cancellation)
    {
        _sequence = sequence;
        _cancellation = cancellation;

        // At once, not only while somebody reads.
        _registration = cancellation.UnsafeRegister(static sequence => ((Sequence)sequence!).Cancel(), sequence);
    }

    /// <summary>The seed of its draws: the request's, or the one that was drawn for it.</summary>
    public ulong Seed => _sequence.Seed;

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokenCount => _sequence.PromptCount;

    /// <summary>Prompt tokens that came from the prefix cache; known when the first token is.</summary>
    public int CachedPromptTokens => Math.Max(0, _sequence.CachedPromptTokens);

    /// <summary>Ends the generation within one step.</summary>
    public void Cancel() => _sequence.Cancel();

    /// <summary>Reads the tokens as they come.</summary>
    /// <exception cref="RequestRefusedException">The engine could not finish it.</exception>
    public async IAsyncEnumerator<GeneratedToken> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(_cancellation, cancellationToken);
        try
        {
            await foreach (var token in _sequence.Output.ReadAllAsync(linked.Token))
            {
                yield return token;
            }

            linked.Token.ThrowIfCancellationRequested();
        }
        finally
        {
            await _registration.DisposeAsync();
            _sequence.Cancel();
        }
    }
}
