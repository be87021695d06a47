using Patchbay.Engine.Sampling;
using Patchbay.Engine.Text;

namespace Patchbay.Engine;

/// <summary>A piece of an answer.</summary>
/// <param name="Text">Text that became certain; may be empty while a character or a possible stop string is incomplete.</param>
/// <param name="Token">The token that it came with; null for what was held back at the end.</param>
/// <param name="Finish">Why the answer ends with this piece, or <see cref="FinishReason.None"/>.</param>
public readonly record struct TextDelta(string Text, GeneratedToken? Token, FinishReason Finish);

/// <summary>A generation as text: tokens become characters, stop strings end the answer. Read once.</summary>
public sealed class TextGeneration : IAsyncEnumerable<TextDelta>
{
    private readonly Tokenizer _tokenizer;
    private readonly IReadOnlyList<string> _stopStrings;

    internal TextGeneration(Generation generation, Tokenizer tokenizer, IReadOnlyList<string> stopStrings)
    {
        Generation = generation;
        _tokenizer = tokenizer;
        _stopStrings = stopStrings;
    }

    /// <summary>The generation that it reads.</summary>
    public Generation Generation { get; }

    /// <summary>Tokens generated so far, those that ended the answer included.</summary>
    public int CompletionTokenCount { get; private set; }

    /// <summary>Reads the answer as it comes.</summary>
    /// <exception cref="RequestRefusedException">The engine could not finish it.</exception>
    public async IAsyncEnumerator<TextDelta> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var detokenizer = _tokenizer.CreateDetokenizer(skipSpecialTokens: true);
        var matcher = new StopMatcher(_stopStrings);
        await foreach (var token in Generation.WithCancellation(cancellationToken))
        {
            CompletionTokenCount++;
            var text = token.Finish == FinishReason.Stop ? string.Empty : detokenizer.Push(token.Id);
            if (token.Finish != FinishReason.None)
            {
                text += detokenizer.Flush();
            }

            var certain = matcher.Push(text);
            if (token.Finish != FinishReason.None && !matcher.IsMatched)
            {
                certain += matcher.Flush();
            }

            var finish = matcher.IsMatched ? FinishReason.Stop : token.Finish;
            yield return new TextDelta(certain, token, finish);
            if (finish != FinishReason.None)
            {
                yield break;
            }
        }
    }
}
