using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Patchbay.Engine;
using Patchbay.Server.Answers;

namespace Patchbay.Server.Observability;

/// <summary>Watches one request from its routing to its end. Used by one thread at a time.</summary>
internal sealed class AnswerWatch
{
    private const int MaxKept = 65_536;

    private readonly AnswerLedger _ledger;
    private readonly long _started;
    private readonly IncrementalHash[] _texts;
    private StringBuilder[]? _kept;
    private TimeSpan? _firstToken;
    private string? _finish;
    private int _finished;

    public AnswerWatch(AnswerLedger ledger, string id, string operation, string actor, AnswerSource source, int answers)
    {
        _ledger = ledger;
        _started = ledger.Time.GetTimestamp();
        _texts = [.. Enumerable.Range(0, answers).Select(_ => IncrementalHash.CreateHash(HashAlgorithmName.SHA256))];
        Begun = ledger.Time.GetUtcNow();
        (Id, Operation, Actor, Source) = (id, operation, actor, source);
    }

    public string Id { get; }

    public string Operation { get; }

    public string Actor { get; }

    public AnswerSource Source { get; }

    public DateTimeOffset Begun { get; }

    /// <summary>Whether no token has come yet.</summary>
    public bool IsWaiting => _firstToken is null;

    /// <summary>Whether it is over.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The texts so far, where they are kept.</summary>
    public IReadOnlyList<string> Texts => _kept is null ? [] : [.. _kept.Select(text => text.ToString())];

    /// <summary>Keeps the texts, up to a limit, for those who judge them.</summary>
    public void KeepTexts() => _kept = [.. _texts.Select(_ => new StringBuilder())];

    /// <summary>Takes notice of a piece of one of the answers.</summary>
    public void Observe(int choice, TextDelta delta)
    {
        if (_firstToken is null && delta.Token is not null)
        {
            _firstToken = _ledger.Time.GetElapsedTime(_started);
        }
        if (delta.Text.Length > 0)
        {
            _texts[choice].AppendData(Encoding.UTF8.GetBytes(delta.Text));
            if (_kept is not null && _kept[choice].Length < MaxKept)
            {
                _kept[choice].Append(delta.Text);
            }
        }
        if (delta.Finish != FinishReason.None)
        {
            _finished++;
            _finish = delta.Finish == FinishReason.Length ? "length" : "stop";
        }
    }

    /// <summary>Ends the watch and tells everybody who wants to know.</summary>
    /// <param name="question">What was asked.</param>
    /// <param name="completionTokens">Tokens of all answers.</param>
    /// <param name="isAborted">Whether the caller has left.</param>
    public AnswerRecord End(Question question, int completionTokens, bool isAborted)
    {
        var record = new AnswerRecord
        {
            Id = Id,
            Time = Begun,
            Operation = Operation,
            Actor = Actor,
            Source = Source,
            Options = question.Options,
            Prompts = question.Prompts,
            PromptHash = HashOf(question.Prompts),
            TextHash = HashOfTexts(),
            PromptTokens = question.Prompts.Sum(prompt => prompt.Length),
            CompletionTokens = completionTokens,
            TimeToFirstToken = _firstToken,
            Duration = _ledger.Time.GetElapsedTime(_started),
            FinishReason = _finish,
            Outcome = _finished == _texts.Length ? AnswerOutcome.Done : isAborted ? AnswerOutcome.Cancelled : AnswerOutcome.Failed,
        };
        HasEnded = true;
        _ledger.OnEnd(this, record);
        return record;
    }

    /// <summary>The identity of prompts: SHA-256 over their token ids, each as four little-endian bytes, a prompt's length first.</summary>
    public static string HashOf(IReadOnlyList<int[]> prompts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> word = stackalloc byte[sizeof(int)];
        foreach (var prompt in prompts)
        {
            BinaryPrimitives.WriteInt32LittleEndian(word, prompt.Length);
            hash.AppendData(word);
            foreach (var token in prompt)
            {
                BinaryPrimitives.WriteInt32LittleEndian(word, token);
                hash.AppendData(word);
            }
        }
        return "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The identity of answers: the hash of the only text, or of the hashes of several, since they come interleaved.</summary>
    public static string HashOfTexts(IReadOnlyList<byte[]> hashes) =>
        "sha256:" + Convert.ToHexStringLower(hashes.Count == 1 ? hashes[0] : SHA256.HashData([.. hashes.SelectMany(hash => hash)]));

    private string HashOfTexts()
    {
        var hashes = _texts.Select(text => text.GetHashAndReset()).ToList();
        foreach (var text in _texts)
        {
            text.Dispose();
        }
        return HashOfTexts(hashes);
    }
}
