using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Engine.Text;
using Patchbay.Server.Answers;

namespace Patchbay.Server.Endpoints;

/// <summary>Answers as <c>text_completion</c>.</summary>
/// <param name="withLogProbabilities">Whether tokens list their log-probabilities.</param>
/// <param name="echoes">What each choice begins with; null where prompts are not echoed.</param>
/// <param name="choices">How many choices there are.</param>
/// <param name="tokenizer">Gives tokens their text.</param>
internal sealed class CompletionAnswerShape(bool withLogProbabilities, IReadOnlyList<string>? echoes, int choices, Tokenizer tokenizer) : IAnswerShape
{
    private readonly int[] _textOffsets = new int[choices];

    public string IdPrefix => "cmpl-";

    public string Operation => "text_completion";

    public string WholeType => "text_completion";

    public string EventType => "text_completion";

    public bool NeedsTokens => withLogProbabilities;

    public bool HasOpening => echoes is not null;

    public void WriteOpening(Utf8JsonWriter json, int choice) => Write(json, choice, echoes![choice], [], FinishReason.None);

    public void WriteDelta(Utf8JsonWriter json, ChoiceDelta piece) =>
        Write(json, piece.Choice, piece.Delta.Text, piece.Delta.Token is { } token ? [token] : [], piece.Delta.Finish);

    public void WriteWhole(Utf8JsonWriter json, int choice, string text, IReadOnlyList<GeneratedToken> tokens, FinishReason finish) =>
        Write(json, choice, echoes is null ? text : echoes[choice] + text, tokens, finish);

    private void Write(Utf8JsonWriter json, int choice, string text, IReadOnlyList<GeneratedToken> tokens, FinishReason finish)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteString("text"u8, text);
        if (withLogProbabilities && tokens.Count > 0)
        {
            LogProbabilityJson.WriteCompletion(json, tokens, tokenizer, ref _textOffsets[choice]);
        }
        else
        {
            json.WriteNull("logprobs"u8);
        }
        AnswerFields.WriteFinish(json, finish);
        json.WriteEndObject();
    }
}
