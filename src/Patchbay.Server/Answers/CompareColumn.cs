using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Server.Adapters;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Answers;

/// <summary>One of the answers that are compared, and its events.</summary>
internal sealed class CompareColumn(int index, AnsweringModel model, AnswerWatch watch)
{
    private readonly List<int> _tokens = [];
    private DateTimeOffset? _first;
    private DateTimeOffset _last;

    public int Index => index;

    public AnswerWatch Watch => watch;

    /// <summary>Its tokens so far.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    public void Take(TextDelta delta, DateTimeOffset now)
    {
        watch.Observe(0, delta);
        if (delta.Token is { } token)
        {
            _tokens.Add(token.Id);
            _first ??= now;
            _last = now;
        }
    }

    public void WriteDelta(Utf8JsonWriter json, TextDelta delta)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteString("id"u8, watch.Id);
        json.WriteString("model"u8, model.Model);
        json.WriteString("adapter"u8, model.Label);
        json.WriteString("digest"u8, model.Digest);
        json.WriteString("generation"u8, model.Generation);
        json.WriteString("arm"u8, model.Arm);
        json.WriteString("delta"u8, delta.Text);
        if (delta.Token is { } token)
        {
            json.WriteNumber("token"u8, token.Id);
            if (token.LogProbabilities is { } probabilities)
            {
                json.WriteNumber("logprob"u8, probabilities.Chosen);
            }
        }
        json.WriteEndObject();
    }

    public void WriteEnd(Utf8JsonWriter json, FinishReason finish, int promptTokens)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteString("id"u8, watch.Id);
        json.WriteString("finish_reason"u8, finish == FinishReason.Length ? "length"u8 : "stop"u8);
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, promptTokens);
        json.WriteNumber("completion_tokens"u8, _tokens.Count);
        json.WriteNumber("total_tokens"u8, promptTokens + _tokens.Count);
        json.WriteEndObject();
        json.WriteNumber("ttft_ms"u8, Math.Round(((_first ?? watch.Begun) - watch.Begun).TotalMilliseconds, 3));
        var decoding = (_last - (_first ?? _last)).TotalSeconds;
        json.WriteNumber("tokens_per_second"u8, decoding > 0 ? Math.Round((_tokens.Count - 1) / decoding, 2) : 0);
        json.WriteEndObject();
    }
}
