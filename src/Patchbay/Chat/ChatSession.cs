using System.Buffers;
using System.Text;
using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Engine.Text;

namespace Patchbay.Chat;

/// <summary>A conversation and the adapter that answers next. Knows nothing of the terminal.</summary>
internal sealed class ChatSession(InferenceEngine engine, ChatAdapters adapters, SamplingOptions sampling, int maxTokens)
{
    private readonly List<(string Role, string Content)> _turns = [];

    private AdapterVersion? _adapter;

    /// <summary>The name of what answers next.</summary>
    public string Answering { get; private set; } = "base";

    /// <summary>What every conversation begins with; empty is nothing.</summary>
    public string System { get; set; } = "";

    /// <summary>Chooses what answers from now on; the conversation goes on.</summary>
    public bool TrySwitch(string name)
    {
        var version = adapters.Find(name);
        if (version is null && name != "base")
        {
            return false;
        }
        (_adapter, Answering) = (version, name);
        return true;
    }

    /// <summary>Forgets what was said.</summary>
    public void Clear() => _turns.Clear();

    /// <summary>Asks and remembers question and answer; pieces of the answer go to <paramref name="write"/> as they come.</summary>
    public async Task AskAsync(string question, Action<string> write, CancellationToken cancellation)
    {
        var answer = new StringBuilder();
        try
        {
            await foreach (var delta in Generate([.. _turns, ("user", question)], _adapter, cancellation))
            {
                answer.Append(delta.Text);
                write(delta.Text);
            }
        }
        finally
        {
            // An answer that was cut short by the user was still seen by them.
            if (answer.Length > 0)
            {
                _turns.Add(("user", question));
                _turns.Add(("assistant", answer.ToString()));
            }
        }
    }

    /// <summary>Asks the base and every adapter at once, outside the conversation.</summary>
    public async Task<IReadOnlyList<(string Name, string Answer)>> CompareAsync(string question, CancellationToken cancellation)
    {
        string[] names = ["base", .. adapters.Names];
        var answers = await Task.WhenAll(names.Select(name => CollectAsync(question, adapters.Find(name), cancellation)));
        return [.. names.Zip(answers)];
    }

    private async Task<string> CollectAsync(string question, AdapterVersion? adapter, CancellationToken cancellation)
    {
        var answer = new StringBuilder();
        await foreach (var delta in Generate([("user", question)], adapter, cancellation))
        {
            answer.Append(delta.Text);
        }
        return answer.ToString();
    }

    private TextGeneration Generate(IEnumerable<(string Role, string Content)> turns, AdapterVersion? adapter, CancellationToken cancellation)
    {
        var text = engine.ChatTemplate!.Render(new ChatTemplateInput
        {
            Messages = ToJson(System.Length == 0 ? turns : turns.Prepend(("system", System))),
            Now = TimeProvider.System.GetLocalNow(),
        });
        AdapterLease? lease = null;
        if (adapter is not null && !engine.TryAcquireAdapter(adapter.Digest, out lease))
        {
            throw new InvalidOperationException("A loaded adapter is gone.");
        }
        var request = new GenerationRequest
        {
            PromptTokens = engine.Tokenizer!.Encode(text, addSpecialTokens: false),
            Adapter = lease,
            MaxTokens = maxTokens,
            Sampling = sampling,
        };
        return engine.GenerateText(request, [], cancellation);
    }

    private static JsonElement ToJson(IEnumerable<(string Role, string Content)> turns)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var (role, content) in turns)
            {
                json.WriteStartObject();
                json.WriteString("role", role);
                json.WriteString("content", content);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        return JsonElement.ParseValue(ref reader);
    }
}
