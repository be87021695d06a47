using Patchbay.Control;
using Patchbay.Control.Routing;
using Patchbay.Server.Answers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Releases;

/// <summary>What one answer means for plans and releases: its arm's figures, its judges, and the copy that a shadow makes.</summary>
internal sealed class AnswerAftermath
{
    private readonly OpenedEngine _opened;
    private readonly Question _question;
    private readonly AnswerWatch _watch;
    private readonly Task<string?>? _copy;

    private AnswerAftermath(OpenedEngine opened, Question question, AnswerWatch watch, Task<string?>? copy) =>
        (_opened, _question, _watch, _copy) = (opened, question, watch, copy);

    /// <summary>Begins beside the answer, once it is queued: the shadow comes second.</summary>
    public static AnswerAftermath Begin(OpenedEngine opened, Question question, VersionDigest? shadow, AnswerWatch watch)
    {
        // A copy of one of several answers would compare less than it seems to.
        var isCopied = shadow is not null && question is { Prompts.Count: 1, Options.Choices: 1 } && question.Options.MaxTokens != 0;
        if (isCopied || opened.Releases.WantsText(watch.Source))
        {
            watch.KeepTexts();
        }
        var copy = isCopied ? opened.Shadows.Begin(shadow!.Value, question, watch) : null;
        return new AnswerAftermath(opened, question, watch, copy);
    }

    /// <summary>Ends with the answer; waits for nothing.</summary>
    public void End(AnswerRecord record)
    {
        _opened.Releases.Take(record, DecodePrompt, _watch.Texts);
        if (record.Source.Arm == ShadowPlan.LiveArm)
        {
            _opened.Shadows.RecordLive(record);
        }
        if (_copy is not null && record.Outcome == AnswerOutcome.Done)
        {
            _ = _opened.Shadows.CompareAsync(record.Source.Adapter, _watch.Texts[0], _copy);
        }
    }

    private string DecodePrompt() => _opened.Engine.Tokenizer is { } tokenizer
        ? string.Join('\n', _question.Prompts.Select(prompt => tokenizer.Decode(prompt, skipSpecialTokens: true))) : "";
}
