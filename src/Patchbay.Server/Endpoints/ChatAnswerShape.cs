using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Engine.Text;
using Patchbay.Server.Answers;

namespace Patchbay.Server.Endpoints;

/// <summary>Answers as <c>chat.completion</c> and <c>chat.completion.chunk</c>.</summary>
internal sealed class ChatAnswerShape(bool withLogProbabilities, Tokenizer tokenizer) : IAnswerShape
{
    public string IdPrefix => "chatcmpl-";

    public string Operation => "chat";

    public string WholeType => "chat.completion";

    public string EventType => "chat.completion.chunk";

    public bool NeedsTokens => withLogProbabilities;

    public bool HasOpening => true;

    public void WriteOpening(Utf8JsonWriter json, int choice)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteStartObject("delta"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, ""u8);
        json.WriteEndObject();
        json.WriteNull("logprobs"u8);
        json.WriteNull("finish_reason"u8);
        json.WriteEndObject();
    }

    public void WriteDelta(Utf8JsonWriter json, ChoiceDelta piece)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, piece.Choice);
        json.WriteStartObject("delta"u8);
        if (piece.Delta.Text.Length > 0)
        {
            json.WriteString("content"u8, piece.Delta.Text);
        }
        json.WriteEndObject();
        WriteLogProbabilities(json, piece.Delta.Token is { } token ? [token] : []);
        AnswerFields.WriteFinish(json, piece.Delta.Finish);
        json.WriteEndObject();
    }

    public void WriteWhole(Utf8JsonWriter json, int choice, string text, IReadOnlyList<GeneratedToken> tokens, FinishReason finish)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, text);
        json.WriteNull("refusal"u8);
        json.WriteEndObject();
        WriteLogProbabilities(json, tokens);
        AnswerFields.WriteFinish(json, finish);
        json.WriteEndObject();
    }

    private void WriteLogProbabilities(Utf8JsonWriter json, IReadOnlyList<GeneratedToken> tokens)
    {
        if (withLogProbabilities && tokens.Count > 0)
        {
            LogProbabilityJson.WriteChat(json, tokens, tokenizer);
        }
        else
        {
            json.WriteNull("logprobs"u8);
        }
    }
}
